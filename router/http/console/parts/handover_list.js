// Beside a handover: the shifts that are handed over, what waits to be taken, what was promised,
// and the book of all that were filed.
import { at } from "../clock.js";
import { html, useEffect, useState } from "../html.js";
import { agentName, agents, board, desk, sessions, shopName, show, supervises } from "../state.js";
import { t } from "../words/index.js";
import { Countdown, urgency } from "./countdown.js";
import { Between, taker } from "./handover_line.js";
import { duties, dutiesAt, forMe, incoming, mineId, ownDuty, stage } from "./handover_state.js";
import { Placeholder, readRows, useReading } from "./reading.js";

const to = (path) => `#/handover/${path.map(encodeURIComponent).join("/")}`;
const Row = ({ href, chosen, children, class: more = "" }) => html`<a class=${`row ${more}`} href=${href}
  aria-current=${chosen ? "true" : undefined}>${children}</a>`;

// Of what is filed and not taken: whether the time to take it is over.
const overdue = (due) => (due && urgency(due) === "late" ? "late" : "filed");

function Stage({ duty }) {
  const name = stage(duty);
  return html`<span class=${`stage ${name}`}>${t(name === "filed" && duty.by_router ? "handover.left" : `handover.stage.${name}`, { n: duty.left, name: agentName(duty.acknowledged_by), time: at(duty.acknowledged_at) })}</span>
    ${name === "late" && html`<${Countdown} due=${duty.due_at} />`}
    ${name === "filed" && duty.acknowledge_by && html`<${Countdown} due=${duty.acknowledge_by} />`}
    ${name === "on" && html`<${Countdown} due=${duty.to_at} />`}
    ${duty.by_router && html`<span class="badge router">${t("handover.by_router")}</span>`}
    ${(duty.breach || duty.took_breach) && html`<span class="badge bad">${t("handover.fined")}</span>`}
    ${duty.questions > 0 && html`<span class="badge">${t("handover.asked", { n: duty.questions })}</span>`}`;
}

const Times = ({ duty }) => html`<time datetime=${duty.from_at}>${at(duty.from_at, "minute")}</time>–<time datetime=${duty.to_at}>${at(duty.to_at, "minute")}</time>`;

// One's own shift, and how its handover stands.
export function Mine({ chosen }) {
  const duty = ownDuty.value;
  const handed = Boolean(duty?.handover);
  return html`<section aria-labelledby="handover-mine"><h2 id="handover-mine">${t("handover.mine")}</h2>
    ${duty ? html`<${Row} href=${to([handed ? duty.handover : "draft"])} chosen=${chosen === (handed ? duty.handover : "draft")} class=${stage(duty)}>
        <b><${Times} duty=${duty} /> ${duty.name && html`<bdi>${duty.name}</bdi>`}</b>
        <span class="how">${duty.to || handed ? t("handover.goes_to", { name: taker(duty) }) : t("handover.nobody")}</span>
        <span class="how"><${Stage} duty=${duty} /></span><//>`
    : html`<p class="none">${t("handover.no_shift.short")}</p>`}
    ${(!duty || handed) && html`<${Row} href=${to(["draft"])} chosen=${chosen === "draft"}>${t("handover.write")}<//>`}
  </section>`;
}

export function Incoming({ chosen }) {
  const list = incoming.value;
  return html`<section aria-labelledby="handover-in"><h2 id="handover-in">${t("handover.incoming")}
      ${forMe.value.length > 0 && html` <span class="count">${forMe.value.length}</span>`}</h2>
    ${list.length === 0 && html`<p class="none">${t("handover.incoming.none")}</p>`}
    <ul>${list.map((one) => html`<li key=${one.id}><${Row} href=${to([one.id])} chosen=${chosen === one.id} class=${one.to === mineId.value ? overdue(one.due_at) : ""}>
      <b><${Between} one=${one} /></b> <${Countdown} due=${one.due_at} />
      <span class="how">${t("handover.left", { n: one.lines.filter((line) => !line.taken_at).length })}
        ${one.by_router && html`<span class="badge router">${t("handover.by_router")}</span>`}</span><//></li>`)}</ul></section>`;
}

// What has to be done first: not filed, then not taken; then who hands over next; then what is done.
const GROUPS = [["late", "missed", "filed"], ["on", "absent", "planned"], ["done", "none"]];
const TITLES = ["handover.group.now", "handover.group.next", "handover.group.done"];

export function Duties({ chosen }) {
  const all = duties.value;
  if (!all) return html`<section><p class="loading" role="status">${t("app.loading")}</p></section>`;
  const known = new Set(all.map((duty) => duty.handover));
  // Of no shift, or of an older one; what was filed since the shifts were read is shown with its own.
  const others = (board.value?.handovers || []).filter((one) => !known.has(one.id) && Date.parse(one.filed_at) < dutiesAt.value - 1_000);
  const groups = GROUPS.map((names) => all.filter((duty) => names.includes(stage(duty)))
    .sort((a, b) => names.indexOf(stage(a)) - names.indexOf(stage(b)) || a.to_at.localeCompare(b.to_at)));
  groups[2].reverse();
  return html`<section aria-labelledby="handover-today"><h2 id="handover-today">${t("handover.today")}</h2>
    ${all.length + others.length === 0 && html`<p class="none">${t("handover.today.none")}</p>`}
    ${groups.map((list, index) => list.length + (index ? 0 : others.length) > 0 && html`<h3 key=${TITLES[index]}>${t(TITLES[index])}</h3>
      <ul key=${`${index}`} class="duties">${list.map((duty) => html`<li key=${duty.shift} data-shift=${duty.shift}><${Duty} duty=${duty} chosen=${chosen} /></li>`)}
        ${index === 0 && others.map((one) => html`<li key=${one.id}><${Row} href=${to([one.id])} chosen=${chosen === one.id} class=${overdue(one.due_at)}>
          <b><${Between} one=${one} /></b> <small>${at(one.filed_at)}</small>
          <span class="how">${t("handover.stage.filed", { n: one.left })} ${one.due_at && html`<${Countdown} due=${one.due_at} />`}</span><//></li>`)}</ul>`)}
  </section>`;
}

const DRAFTED = ["on", "late", "missed"];
function Duty({ duty, chosen }) {
  const name = stage(duty);
  const shown = html`<b><${Between} one=${duty} /></b> <small><${Times} duty=${duty} /></small>
    <span class="how"><${Stage} duty=${duty} /></span>`;
  if (duty.handover) return html`<${Row} href=${to([duty.handover])} chosen=${chosen === duty.handover} class=${name === "filed" ? overdue(duty.acknowledge_by) : name}>${shown}<//>`;
  if (!DRAFTED.includes(name)) return html`<div class="row">${shown}</div>`; // there is nothing to look at
  return html`<${Row} href=${to(["of", duty.agent])} chosen=${chosen === `of ${duty.agent}`} class=${name}>${shown}<//>`;
}

// What was promised stays until it is done (RULES §5).
export function Promises() {
  const list = board.value?.promises || [];
  if (!list.length && !supervises.value) return null;
  const open = (one) => [...sessions.value.values()].find((each) => each.buyer === one.buyer && each.shop === one.shop);
  return html`<section aria-labelledby="handover-promises"><h2 id="handover-promises">${t("handover.promises", { n: list.length })}</h2>
    ${list.length === 0 && html`<p class="none">${t("handover.promises.none")}</p>`}
    ${list.length > 0 && html`<ul class="promises">${list.map((one) => html`<li key=${one.id}><${Countdown} due=${one.due_at} />
      ${open(one) ? html`<a href=${supervises.value ? "#/board" : "#/work"} onClick=${() => show(open(one).id)} dir="auto">${one.buyer}</a>` : html`<b dir="auto">${one.buyer}</b>`}
      <small>${shopName(one.shop)}${supervises.value ? ` · ${one.agent ? agentName(one.agent) : t("board.nobody")}` : ""}</small>
      ${one.reason && html`<p dir="auto">${one.reason}</p>`}</li>`)}</ul>`}</section>`;
}

const PAGE = 20, TYPED_MS = 250;
const DAY_MS = 86_400_000;
const beijing = (day) => (day ? `${day}T00:00:00+08:00` : "");
const next = (day) => (day ? new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10) : "");
const TELLS = /^handover_(filed|acknowledged|asked|answered)$/;

// All that were filed, the newest first; searched as it is typed.
export function Book({ chosen }) {
  const [wanted, setWanted] = useState({ q: "", agent: "", from: "", to: "" });
  const [params, setParams] = useState(wanted); // what is asked for, once it is typed
  const [count, setCount] = useState(PAGE);
  useEffect(() => {
    const timer = setTimeout(() => { setParams(wanted); setCount(PAGE); }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  const { value: found } = useReading(() => readRows("/v1/handovers", "handovers", {
    desk: desk.value, q: params.q.trim(), agent: params.agent, from: beijing(params.from), to: beijing(next(params.to)),
  }, count), [desk.value, params, count], (fact) => TELLS.test(fact.type));
  const want = (values) => setWanted({ ...wanted, ...values });
  return html`<section class="book" aria-labelledby="handover-book"><h2 id="handover-book">${t("handover.book")}</h2>
    <div class="search" role="search">
      <input type="search" aria-label=${t("handover.search")} placeholder=${t("handover.search")} maxlength="200" value=${wanted.q} onInput=${(event) => want({ q: event.target.value })} />
      ${supervises.value && html`<select aria-label=${t("handover.filed_by")} value=${wanted.agent} onChange=${(event) => want({ agent: event.target.value })}>
        <option value="">${t("handover.all_agents")}</option>
        ${[...agents.value.values()].map((agent) => html`<option key=${agent.id} value=${agent.id}>${agent.name || agent.id}</option>`)}</select>`}
      <div class="days"><input type="date" aria-label=${t("handover.from_day")} title=${t("handover.from_day")} value=${wanted.from} max=${wanted.to} onInput=${(event) => want({ from: event.target.value })} />
        –<input type="date" aria-label=${t("handover.to_day")} title=${t("handover.to_day")} value=${wanted.to} min=${wanted.from} onInput=${(event) => want({ to: event.target.value })} /></div>
    </div>
    <${Placeholder} list=${found} none=${t("handover.book.none")} />
    <ul>${(found?.rows || []).map((one) => html`<li key=${one.id}><${Entry} one=${one} words=${params.q.trim()} chosen=${chosen === one.id} /></li>`)}</ul>
    ${found?.more && html`<button type="button" class="more" onClick=${() => setCount(count + PAGE)}>${t("handover.more")}</button>`}
  </section>`;
}

// Where the words stand, or else how it begins.
function Entry({ one, words, chosen }) {
  const texts = [one.note, ...one.lines.flatMap((line) => [line.text, line.buyer]),
    ...one.questions.flatMap((question) => [question.text, question.answer])].filter(Boolean);
  const text = (words && texts.find((each) => each.toLowerCase().includes(words.toLowerCase()))) || texts[0] || "";
  return html`<${Row} href=${to([one.id])} chosen=${chosen}>
    <b><${Between} one=${one} /></b> <small>${at(one.filed_at)}</small>
    <span class="how"><span class="words" dir="auto"><${Marked} text=${text} words=${words} /></span>
      ${one.state === "open" && html`<span class="badge">${t("handover.open.short")}</span>`}
      ${one.by_router && html`<span class="badge router">${t("handover.by_router")}</span>`}
      ${one.breach && html`<span class="badge bad">${t("handover.fined")}</span>`}</span><//>`;
}

const AROUND = 14;
function Marked({ text, words }) {
  const start = words ? text.toLowerCase().indexOf(words.toLowerCase()) : -1;
  if (start < 0) return html`${text.slice(0, 80)}`;
  const from = Math.max(0, start - AROUND), end = start + words.length;
  return html`${from > 0 ? "…" : ""}${text.slice(from, start)}<mark>${text.slice(start, end)}</mark>${text.slice(end, end + 60)}`;
}
