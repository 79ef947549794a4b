// Accounts and audit: the users, where each is signed in, and the book of what they did.
import { del, part } from "../api.js";
import { at } from "../clock.js";
import { computed, effect, html, useState } from "../html.js";
import { Dialog } from "../parts/dialog.js";
import { LoginList } from "../parts/login_list.js";
import { Acts, chosen } from "../parts/people_acts.js";
import { Placeholder, readRows, useReading } from "../parts/reading.js";
import { agentName, failed, me, toast } from "../state.js";
import { t } from "../words/index.js";

const SHOWN = 200;
const AGAIN_MS = 10_000; // nothing tells of sign-ins: whatever else happens is an occasion to look

const user = computed(() => me.value?.user);
effect(() => {
  if (!user.value) chosen.value = { user: "", act: "", period: null };
});

const decoded = (text = "") => { try { return decodeURIComponent(text); } catch { return text; } };
const open = (id) => { location.hash = id ? `#/people/user/${part(id)}` : "#/people"; };

export function People({ path }) {
  const { value: list, again } = useReading(() => readRows("/v1/users", "users", {}, Infinity), [], () => true, AGAIN_MS);
  const acts = path[0] === "acts";
  const shown = path[0] === "user" ? decoded(path[1]) : "";
  const one = list?.rows.find((row) => row.id === shown);
  return html`<div class=${`people ${acts ? "book" : ""} ${one ? "reading" : ""}`}>
    <nav class="tabs" aria-label=${t("page.people")}>
      <a href="#/people" aria-current=${acts ? undefined : "true"}>${t("people.users")}</a>
      <a href="#/people/acts" aria-current=${acts ? "true" : undefined}>${t("people.acts")}</a>
    </nav>
    ${acts ? html`<${Acts} users=${list?.rows || []} />` : html`<${Users} list=${list} shown=${shown} />
      ${one ? html`<${Shown} key=${one.id} one=${one} again=${again} />` : html`<section class="person empty"><p>${t("people.choose")}</p></section>`}`}
  </div>`;
}

const latest = (one) => one.logins.map((login) => login.seen_at).sort().at(-1);

function Users({ list, shown }) {
  const [sought, setSought] = useState("");
  const found = (list?.rows || []).filter((one) => [one.id, one.name, one.agent].some((text) => text.toLowerCase().includes(sought)));
  return html`<section class="users" aria-labelledby="users-title">
    <div class="tools"><h2 id="users-title">${t("people.users")} ${list?.rows.length ?? ""}</h2>
      <input type="search" aria-label=${t("people.search")} placeholder=${t("people.search")} onInput=${(event) => setSought(event.target.value.trim().toLowerCase())} /></div>
    <${Placeholder} list=${list && { rows: found }} none=${t("people.none")} />
    ${found.length > 0 && html`<div class="scroll-y" tabindex="0" role="region" aria-labelledby="users-title"><table>
      <thead><tr>${["user", "role", "agent", "logins", "ways"].map((name) => html`<th key=${name} scope="col">${t(`people.col.${name}`)}</th>`)}</tr></thead>
      <tbody>${found.slice(0, SHOWN).map((one) => html`<tr key=${one.id} class=${one.id === shown ? "open" : ""} onClick=${() => open(one.id)}>
        <td class="name"><button type="button" class="plain" aria-pressed=${one.id === shown} data-user=${one.id}
          onClick=${(event) => { event.stopPropagation(); open(one.id); }}><b dir="auto">${one.name}</b> <small><bdi>${one.id}</bdi></small></button></td>
        <td class="role">${t(`role.${one.role}`)}${me.value.desks.length > 1 && one.desk && html` <small><bdi>${one.desk}</bdi></small>`}</td>
        <td class="agent">${one.agent && agentName(one.agent)}</td>
        <td class="count-of">${one.logins.length ? html`${t("people.logins", { n: one.logins.length })} <small>${t("account.seen", { time: at(latest(one), "day") })}</small>` : html`<small>${t("people.logins.none")}</small>`}</td>
        <td class="ways"><small>${waysOf(one)}</small></td></tr>`)}</tbody></table>
      ${found.length > SHOWN && html`<p class="none">${t("people.more", { n: found.length - SHOWN })}</p>`}</div>`}
  </section>`;
}
const waysOf = (one) => [one.password && t("people.password"), one.tokens > 0 && t("people.tokens", { n: one.tokens })].filter(Boolean).join(" · ") || "—";

function Shown({ one, again }) {
  const [asking, setAsking] = useState(false);
  const mine = one.id === me.value.user;
  const others = one.logins.filter((login) => !login.this).length;
  async function endAll() {
    setAsking(false);
    try {
      await del(`/v1/users/${part(one.id)}/logins`);
      toast(t("account.ended.others", { n: others }), "good");
    } catch (error) {
      failed(error);
    } finally {
      again();
    }
  }
  return html`<section class="person" aria-labelledby="person-title">
    <header><button type="button" class="plain back" aria-label=${t("act.back")} onClick=${() => open("")}>‹</button>
      <h2 id="person-title" dir="auto">${one.name}</h2> <small><bdi>${one.id}</bdi> · ${t(`role.${one.role}`)}${one.desk && html` · <bdi>${one.desk}</bdi>`}</small></header>
    <h3>${t("account.logins")} ${one.logins.length || ""}</h3>
    ${one.logins.length ? html`<${LoginList} logins=${one.logins} again=${again} />` : html`<p class="none">${t("people.logins.none")}</p>`}
    <div class="acts">
      ${others > 0 && html`<button type="button" class="danger" onClick=${() => setAsking(true)}>${mine ? t("account.end.others", { n: others }) : t("people.end_all")}</button>`}
      <button type="button" onClick=${() => { chosen.value = { ...chosen.value, user: one.id, act: "" }; location.hash = "#/people/acts"; }}>${t("people.acts.of")}</button></div>
    ${one.tokens > 0 && html`<p class="hint">${t("people.tokens.hint", { n: one.tokens })}</p>`}
    ${asking && html`<${Dialog} title=${t("people.end_all.title", { name: one.name, n: others })} onClose=${() => setAsking(false)}>
      <form onSubmit=${(event) => { event.preventDefault(); endAll(); }}><p>${t(mine ? "people.end_all.mine" : "people.end_all.what")}</p>
        <div class="acts"><button type="button" onClick=${() => setAsking(false)}>${t("act.cancel")}</button><button class="first">${t("people.end")}</button></div></form><//>`}
  </section>`;
}
