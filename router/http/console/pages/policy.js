// The rules of the desk and its shops: read, changed, and adopted once it is known what that does.
import { Refused, get, put } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { Dialog } from "../parts/dialog.js";
import { Changes, Faults, bodyOf, usePreview } from "../parts/policy_changes.js";
import { discard, edits, isOff, rebase, rules, shown } from "../parts/policy_edits.js";
import { Field } from "../parts/policy_field.js";
import { Past } from "../parts/policy_history.js";
import { say, sayValue } from "../parts/policy_words.js";
import { useReading } from "../parts/reading.js";
import { desk, toast } from "../state.js";
import { t, why } from "../words/index.js";

export function Policy({ path }) {
  const list = useReading(() => get("/v1/policy", { desk: desk.value }), [desk.value], (fact) => fact.type === "desk_adopted");
  useEffect(() => {
    if (!list.value) return;
    rules.value = list.value;
    rebase();
  }, [list.value]);
  useEffect(() => {
    const leaving = (event) => { if (edits.value.size) event.preventDefault(); };
    addEventListener("beforeunload", leaving);
    return () => removeEventListener("beforeunload", leaving);
  }, []);
  if (rules.value?.desk !== desk.value) return html`<p class="loading" role="status">${t("app.loading")}</p>`;
  const past = path[0] === "history";
  return html`<div class="policy">
    ${past ? html`<div class="policy-head"><${Views} past=${true} /></div><${Past} />` : html`<${Rules} again=${list.again} />`}</div>`;
}

const Views = ({ past = false }) => html`<nav class="policy-views" aria-label=${t("page.policy")}>
  <a href="#/policy" aria-current=${past ? undefined : "page"}>${t("policy.rules")}</a>
  <a href="#/policy/history" aria-current=${past ? "page" : undefined}>${t("policy.past")}</a></nav>`;

function Rules({ again }) {
  const [shop, setShop] = useState("");
  const [sought, setSought] = useState("");
  const preview = usePreview();
  const scope = rules.value.scopes.find((one) => one.shop === shop) || rules.value.scopes[0];
  const groups = rules.value.groups.map((group) => ({ ...group, fields: group.fields.filter((field) => matches(field, group, sought)) }))
    .filter((group) => group.fields.some((field) => field.key in scope.values || (!scope.shop && field.scope === "shop")));
  const disabled = Boolean(rules.value.locked);
  const common = { shop: scope.shop, disabled, errors: preview.found.errors, onShop: setShop };
  return html`
    <div class="policy-head"><${Views} />
      <div class="filters" role="group" aria-label=${t("policy.whose")}>${rules.value.scopes.map((one) => html`<button key=${one.shop} type="button"
        aria-pressed=${one.shop === scope.shop} onClick=${() => setShop(one.shop)}><bdi>${one.shop ? one.name : t("policy.desk")}</bdi>
        ${editedAt(one.shop) > 0 && html` <span class="count">${editedAt(one.shop)}</span>`}</button>`)}</div>
      <input type="search" aria-label=${t("policy.search")} placeholder=${t("policy.search")} value=${sought} onInput=${(event) => setSought(event.target.value.trim().toLowerCase())} />
    </div>
    <div class="policy-body">
      <nav class="policy-groups" aria-label=${t("policy.groups")}><ul>${groups.map((group) => html`<li key=${group.id}>
        <button type="button" class="plain" onClick=${() => goTo(group.id)}>${say(group)}</button></li>`)}</ul></nav>
      <div class="policy-rules">
        <p class="policy-note">${t(scope.shop ? "policy.note.shop" : "policy.note.desk")}</p>
        ${groups.length === 0 && html`<p class="none">${t("policy.found.none")}</p>`}
        ${groups.map((group) => html`<${Group} key=${group.id} group=${group} scope=${scope} ...${common} />`)}</div>
      <${Panel} preview=${preview} again=${again} />
    </div>`;
}

const editedAt = (shop) => [...edits.value.values()].filter((edit) => edit.shop === shop).length;
const matches = (field, group, sought) => !sought
  || [field.zh, field.en, group.zh, group.en, field.key].some((text) => text.toLowerCase().includes(sought));

function goTo(group) {
  const section = document.getElementById(`policy-${group}`);
  section.scrollIntoView({ block: "start" });
  section.querySelector("input, select, textarea, button")?.focus({ preventScroll: true });
}

// Fields of one kind of work, or of one conduct rule, stand together: their names begin alike.
function bundles(fields) {
  const found = [];
  for (const field of fields) {
    const name = /^(?:items|conduct)\.(.+)\.[^.]+$/.exec(field.key)?.[1] || "";
    if (name && found.at(-1)?.name === name) found.at(-1).fields.push(field);
    else found.push({ name, fields: [field] });
  }
  return found;
}
const COLON = /[:：]\s*/;

function Group({ group, scope, shop, disabled, errors, onShop }) {
  const here = group.fields.filter((field) => field.key in scope.values && !isOff(shop, field.key));
  const faultOf = (field) => errors.find((fault) => fault.shop === shop && fault.key === field.key);
  const one = (field, label) => html`<${Field} key=${field.key} ...${{ field, shop, disabled, onShop, label }} fault=${faultOf(field)} />`;
  const ofShops = shop ? [] : group.fields.filter((field) => field.scope === "shop");
  return html`<section id=${`policy-${group.id}`} aria-labelledby=${`policy-${group.id}-title`}>
    <h2 id=${`policy-${group.id}-title`}>${say(group)}</h2>
    ${bundles(here).map(({ name, fields }) => (fields.length === 1 ? one(fields[0]) : html`<div key=${name} class=${fields[0].kind === "choice" ? "policy-bundle pairs" : "policy-bundle"} role="group" aria-label=${say(fields[0]).split(COLON)[0]}>
      ${fields[0].kind !== "switch" && html`<b>${say(fields[0]).split(COLON)[0]}</b>`}
      ${fields.map((field) => one(field, say(field).split(COLON).at(-1)))}</div>`))}
    ${ofShops.map((field) => html`<${OfShops} key=${field.key} field=${field} onShop=${onShop} />`)}
  </section>`;
}

// What each shop has for itself, seen from the desk.
function OfShops({ field, onShop }) {
  return html`<div class="policy-field" data-key=${field.key}><span class="label">${say(field)}</span>
    <p class="others">${rules.value.scopes.filter((one) => one.shop).map((one) => html`<button key=${one.shop} type="button" class="plain" onClick=${() => onShop(one.shop)}>
      <bdi>${one.name}</bdi> <b>${sayValue(field, shown(one.shop, field.key).value)}</b></button>`)}</p></div>`;
}

function Panel({ preview, again }) {
  const [asking, setAsking] = useState(false);
  const { found, fresh } = preview;
  const count = found.changes.length;
  const { locked, may_change: may, in_force: inForce, file } = rules.value;
  const ready = may && !locked && fresh && found.valid && count > 0;
  return html`<aside class=${edits.value.size || locked ? "policy-panel" : "policy-panel idle"} aria-labelledby="policy-panel-title">
    <h2 id="policy-panel-title">${t("policy.would")}${edits.value.size > 0 && fresh && html` <span class="total">${count}</span>`}</h2>
    <div class="policy-said" role="status" aria-busy=${!fresh}>
      ${locked ? html`<p class="policy-locked">${t("policy.locked")}${say(locked)}</p>` : !edits.value.size && html`<p class="none">${t("policy.would.none")}</p>`}
      ${!inForce && html`<p class="none">${t("policy.soon")}</p>`}
      <${Faults} faults=${found.errors} kind="errors" />
      ${edits.value.size > 0 && fresh && found.valid && !count && html`<p class="none">${t("policy.would.same")}</p>`}
      <${Changes} changes=${found.changes} />
      <${Faults} faults=${found.warnings} kind="warnings" /></div>
    ${!locked && html`<div class="acts">
      ${edits.value.size > 0 && html`<button type="button" onClick=${discard}>${t("policy.discard")}</button>`}
      ${may ? html`<button type="button" class="first" disabled=${!ready} onClick=${() => setAsking(true)}>${t("policy.adopt")}</button>`
        : html`<p class="none">${t("policy.admins")}</p>`}</div>`}
    ${file && html`<p class="file"><small>${t("policy.file")} <bdi title=${file}>${file.split(/[\\/]/).at(-1)}</bdi></small></p>`}
    ${asking && html`<${Adopt} found=${found} again=${again} onClose=${() => setAsking(false)} />`}
  </aside>`;
}

function Adopt({ found, again, onClose }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [stale, setStale] = useState(""); // a version that is not there any more: what is said is of the next one
  async function adopt(event) {
    event.preventDefault();
    setBusy(true);
    const { version, changes } = bodyOf(found);
    try {
      rules.value = await put(`/v1/policy?desk=${encodeURIComponent(desk.value)}`, { changes }, { headers: { "If-Match": `"${version}"` } });
      discard();
      toast(t("policy.adopted"), "good");
      onClose();
    } catch (error) {
      setBusy(false);
      if (error instanceof Refused && error.reason === "policy_changed") { setStale(version); again(); }
      setProblem(why(error));
    }
  }
  return html`<${Dialog} title=${t("policy.adopt.title", { n: found.changes.length })} onClose=${onClose} wide=${true}>
    <form onSubmit=${adopt}>
      <${Changes} changes=${found.changes} />
      <${Faults} faults=${found.warnings} kind="warnings" />
      <p class="none">${t("policy.adopt.about")}</p>
      <p class="problem" role="alert">${problem}</p>
      <div class="acts"><button type="button" onClick=${onClose}>${t("act.cancel")}</button>
        <button class="first" disabled=${busy || stale === found.version} autofocus>${t("policy.adopt")}</button></div>
    </form><//>`;
}
