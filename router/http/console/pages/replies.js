// Quick replies: the team's library, which supervisors keep, and one's own.
import { html, useEffect, useRef, useState } from "../html.js";
import { Edit } from "../parts/reply_edit.js";
import { Export, Import } from "../parts/reply_files.js";
import { Row } from "../parts/reply_row.js";
import { Placeholder, readRows, useReading } from "../parts/reading.js";
import { board, supervises } from "../state.js";
import { named, t } from "../words/index.js";

const LIBRARIES = ["team", "mine"];
const ORDERS = ["best", "used", "unused", "changed"]; // where nothing is typed the best are the most used
const PAGE = 60;
const TYPING_MS = 150;
const NOTHING = { owner: "", category: "", q: "", shop: "", sort: "best", count: PAGE };
const KEYS = Object.keys(NOTHING);

export function Replies({ path }) {
  const owner = path[0] === "mine" ? "mine" : "team";
  const [chosen, setChosen] = useState(NOTHING);
  const asked = chosen.owner === owner ? chosen : { ...NOTHING, owner }; // another library is seen whole first
  const [editing, setEditing] = useState(null); // {reply, owner}
  const [importing, setImporting] = useState(false);
  const [fresh, setFresh] = useState(null); // what was just added: it is to be seen, wherever it stands
  const list = useReading(async () => {
    const { count, ...params } = asked;
    return { owner, ...await readRows("/v1/replies", "replies", params, count) };
  }, KEYS.map((key) => asked[key]), () => false);
  const found = list.value?.owner === owner ? list.value : null;
  const may = owner === "mine" || supervises.value;
  useEffect(() => { // no fact tells of what others change here: look again when this page is looked at again
    const seen = () => { if (!document.hidden) list.again(); };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, []);
  useEffect(() => { setFresh(null); }, [owner]);
  useEffect(() => {
    function pressed(event) {
      if (document.querySelector("dialog[open]") || event.isComposing) return;
      if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
        event.preventDefault();
        document.getElementById("replies-search").focus();
      }
      if (event.altKey && event.code === "KeyN" && may && found) { event.preventDefault(); add(); }
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });

  const copies = LIBRARIES.filter((to) => to === "mine" || supervises.value).filter((to) => to !== owner);
  function choose(change) {
    setChosen((now) => ({ ...(now.owner === owner ? now : NOTHING), owner, count: PAGE, ...change }));
    setFresh(null);
  }
  const add = () => setEditing({ owner, reply: asked.category ? { category: asked.category } : {} });
  const copy = ({ category, title, shortcut, scenario, text, pictures, shops }, to) => setEditing({ owner: to,
    reply: { category, title, shortcut, scenario, text, pictures, shops } });
  function saved(reply, isNew) {
    setEditing(null);
    if (reply.owner !== owner) location.hash = `#/replies/${reply.owner}`;
    else if (isNew) setFresh(reply);
    list.again();
  }
  const rows = fresh ? [fresh, ...(found?.rows || []).filter((one) => one.id !== fresh.id)] : found?.rows || [];
  return html`<div class="replies">
    <${Side} owner=${owner} found=${found} category=${asked.category} onChoose=${(category) => choose({ category })} />
    <section class="library" aria-labelledby="library-title">
      <header>
        <h2 id="library-title">${t(`replies.library.${owner}`)}</h2>
        <p class="total" role="status">${found && t("replies.total", { n: found.total })}</p>
        <div class="acts">
          ${may && html`<button type="button" onClick=${() => setImporting(true)}>${t("replies.import")}</button>`}
          <${Export} owner=${owner} />
          ${may && html`<button type="button" class="first" disabled=${!found} onClick=${add} aria-keyshortcuts="Alt+N">${t("replies.new")}</button>`}
        </div>
      </header>
      <div class="tools"><${Search} key=${owner} onType=${(q) => choose({ q })} />
        ${board.value?.shops.length > 1 && html`<select aria-label=${t("col.shop")} value=${asked.shop} onChange=${(event) => choose({ shop: event.target.value })}>
          <option value="">${t("replies.all_shops")}</option>
          ${board.value.shops.map((shop) => html`<option key=${shop.id} value=${shop.id}>${shop.name || shop.id}</option>`)}</select>`}
        <select aria-label=${t("replies.sort")} value=${!asked.q && asked.sort === "used" ? "best" : asked.sort} onChange=${(event) => choose({ sort: event.target.value })}>
          ${ORDERS.filter((order) => asked.q || order !== "used").map((order) => html`<option key=${order} value=${order}>
            ${t(`replies.sort.${!asked.q && order === "best" ? "used" : order}`)}</option>`)}</select>
      </div>
      ${!may && html`<p class="hint">${t("replies.kept_by")}</p>`}
      <ul class="quick-replies" aria-labelledby="library-title">${rows.map((reply) => html`<${Row} key=${reply.id} reply=${reply} within=${asked.category} may=${may} copies=${copies}
        fresh=${reply === fresh} onEdit=${(one) => setEditing({ owner, reply: one })} onCopy=${copy} onGone=${() => { setFresh(null); list.again(); }} />`)}</ul>
      ${!fresh && html`<${Placeholder} list=${found} none=${t(asked.q || asked.category || asked.shop ? "replies.none.found" : `replies.none.${owner}`)} />`}
      ${found?.more && html`<button type="button" class="more" onClick=${() => choose({ count: asked.count + PAGE })}>${t("replies.more")}</button>`}
    </section>
    ${editing && html`<${Edit} ...${editing} categories=${found?.categories || []} onSaved=${saved} onClose=${() => setEditing(null)} />`}
    ${importing && html`<${Import} owner=${owner} onClose=${() => setImporting(false)} onDone=${() => { setImporting(false); list.again(); }} />`}
  </div>`;
}

function Side({ owner, found, category, onChoose }) {
  const all = found?.categories.reduce((sum, one) => sum + one.count, 0);
  return html`<section class="side">
    <nav aria-label=${t("replies.libraries")}><ul class="libraries">${LIBRARIES.map((id) => html`<li key=${id}>
      <a href=${`#/replies/${id}`} aria-current=${id === owner ? "true" : undefined}>${t(`replies.library.${id}`)}</a></li>`)}</ul></nav>
    <div class="categories" role="group" aria-label=${t("replies.category")}>
      <button type="button" class="plain" aria-pressed=${!category} onClick=${() => onChoose("")}>${t("replies.all")} <small>${all}</small></button>
      ${(found?.categories || []).map(({ id, count }) => html`<button key=${id} type="button" class="plain" aria-pressed=${category === id}
        onClick=${() => onChoose(category === id ? "" : id)}>${named("replies.category", id)} <small>${count}</small></button>`)}
    </div></section>`;
}

function Search({ onType }) {
  const [typed, setTyped] = useState("");
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  function type(value) {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onType(value.trim()), TYPING_MS);
  }
  return html`<label class="search"><span class="hidden">${t("replies.search")}</span>
    <input id="replies-search" type="search" maxlength="60" placeholder=${t("replies.search.hint")} value=${typed} aria-keyshortcuts="/"
      onInput=${(event) => type(event.target.value)} /></label>`;
}
