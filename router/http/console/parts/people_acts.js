// The book of acts: who did what, on what, when and from where, and what was refused.
import { at } from "../clock.js";
import { html, signal, useEffect, useState } from "../html.js";
import { agentName } from "../state.js";
import { language, named, namesOf, t } from "../words/index.js";
import { device } from "./device.js";
import { Choice, Period, bounds, period } from "./ledger_period.js";
import { Placeholder, readRows, useReading } from "./reading.js";

const PAGE = 100;
const AGAIN_MS = 5_000; // facts tell of most acts, though not of all
// What is looked for stays while another page is shown.
export const chosen = signal({ user: "", act: "", period: null });
const choose = (change) => { chosen.value = { ...chosen.value, ...change }; };

// Under which heading an act is to be found, by the first word of its path.
const GROUPS = { logins: "login", logout: "login", users: "login", password: "login", presence: "agents", orders: "sessions", refunds: "items",
  breaches: "ledger", appeals: "ledger", "allow-list": "flags", roster: "shifts" };
function groupOf(act) {
  const [first, second] = act.split("/").slice(2);
  const word = first === "me" ? second : first || "login";
  return GROUPS[word] || word;
}
const grouped = () => Object.entries(Object.groupBy(namesOf("people.act"), groupOf));

// What an act was done to: that of its path which its route leaves open.
function targetOf({ act, target }, nameOf) {
  if (act === "sign in") return target && t("login.sso");
  const pattern = act.slice(act.indexOf(" ") + 1).replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "(.+?)");
  const ids = new RegExp(`^${pattern}$`).exec(target)?.slice(1) || [];
  if (groupOf(act) === "agents") return ids.map(agentName).join();
  return act.includes("/users/") ? ids.map(nameOf).join() : ids.join(" · ");
}

function outcomeOf({ act, status, detail, detail_zh: zh }) {
  if (status < 400) return act === "sign in" && detail ? html`<small title=${detail}>${device(detail)}</small>` : "";
  const words = act === "sign in" && / \S+\//.test(detail) ? t("login.wrong") // a browser's name stands there
    : (language.value === "zh" && zh) || detail.replaceAll("_", " ");
  return html`<span class="chip refused">${t("people.refused")}</span> <small dir="auto">${words}</small>`;
}

export function Acts({ users }) {
  const [count, setCount] = useState(PAGE);
  const { user, act } = chosen.value, during = chosen.value.period || period("day");
  const filters = { user, act, ...bounds(during) };
  const asked = JSON.stringify(filters);
  useEffect(() => { setCount(PAGE); }, [asked]);
  const { value: list, again } = useReading(() => readRows("/v1/audit", "acts", filters, count), [asked, count], () => true, AGAIN_MS);
  const names = new Map(users.map((one) => [one.id, one.name]));
  const nameOf = (id) => names.get(id) || id;
  return html`<section class="acts-book" aria-labelledby="acts-title">
    <h2 id="acts-title" class="hidden">${t("people.acts")}</h2>
    <div class="tools"><${Period} value=${during} onChange=${(value) => choose({ period: value })} />
      <${Choice} label=${t("people.who")} all=${t("people.everybody")} value=${user} onChange=${(id) => choose({ user: id })} options=${users.map((one) => [one.id, one.name])} />
      <select aria-label=${t("people.what")} value=${act} onChange=${(event) => choose({ act: event.target.value })}>
        <option value="">${t("people.everything")}</option>
        ${grouped().map(([group, acts]) => html`<optgroup key=${group} label=${named("people.group", group)}>
          ${acts.map((name) => html`<option key=${name} value=${name}>${named("people.act", name)}</option>`)}</optgroup>`)}</select>
      <button type="button" class="again" onClick=${again}>${t("people.again")}</button></div>
    <${Placeholder} list=${list} none=${t("people.acts.none")} />
    ${list?.rows.length > 0 && html`<div class="scroll-y" tabindex="0" role="region" aria-labelledby="acts-title"><table>
      <thead><tr>${["at", "who", "what", "target", "outcome", "from"].map((name) => html`<th key=${name} scope="col">${t(`people.col.${name}`)}</th>`)}</tr></thead>
      <tbody>${list.rows.map((one) => html`<tr key=${one.id} class=${one.status < 400 ? "" : "is-refused"}>
        <td class="when"><time datetime=${one.at}>${at(one.at, "exact")}</time></td>
        <td class="who"><bdi title=${one.user}>${nameOf(one.user)}</bdi></td>
        <td class="what" title=${one.act}>${named("people.act", one.act)}</td>
        <td class="target"><bdi title=${one.target}>${targetOf(one, nameOf)}</bdi></td>
        <td class="outcome">${outcomeOf(one)}</td>
        <td class="from"><bdi>${one.address}</bdi></td></tr>`)}</tbody></table>
      ${list.more && html`<button type="button" class="more" onClick=${() => setCount(count + PAGE)}>${t("list.more")}</button>`}</div>`}
  </section>`;
}
