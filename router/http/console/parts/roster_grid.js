// The roster of a week: agents × days. What begins on a day stands in it; what reaches into the
// next stands there again, faintly. On a phone one day is shown at a time.
import { html, useMemo, useState } from "../html.js";
import { agents as present } from "../state.js";
import { language, named, t } from "../words/index.js";
import { breaksText, clock, date, dayOf, daysFrom, DAY_MS, end, hours, length, midnight, monday, plusDays, range, times, today, weekday } from "./roster_days.js";
import { Clashes, clashKey } from "./roster_clashes.js";
import { faults, status } from "./shift_status.js";
import { tellsOfShifts, useClashes, useShifts } from "./shift_read.js";

const SEARCH_FROM = 12; // agents, from which on one looks for a name

// Morning, evening or night: by when it begins.
export function band(shift) {
  const hour = Number(clock(shift.from_at).slice(0, 2));
  return hour >= 20 || hour < 5 ? "band-night" : hour >= 13 ? "band-evening" : "band-morning";
}

export function described(shift, name) {
  const parts = [name, shift.name, `${date(dayOf(shift.from_at))} ${times(shift)}`,
    shift.breaks.length && `${t("shifts.breaks")} ${breaksText(shift)}`,
    shift.sub_accounts.length && `${t("shifts.sub_accounts")} ${shift.sub_accounts.join("、")}`];
  return parts.filter(Boolean).join(" · ");
}

function Chip({ shift, name, clash, rest, onOpen }) {
  const over = dayOf(Date.parse(shift.to_at) - 1) !== dayOf(shift.from_at);
  const wrong = faults(shift), late = shift.state === "on" && status(shift).kind === "late";
  const label = described(shift, name);
  if (rest) {
    return html`<button type="button" class=${`roster-chip rest ${band(shift)}`} title=${label} aria-label=${`${t("shifts.rest")} ${label}`}
      onClick=${onOpen}>→ ${clock(shift.to_at)}</button>`;
  }
  return html`<button type="button" class=${`roster-chip ${band(shift)} ${shift.state} ${over ? "over-midnight" : ""} ${clash ? "clash" : ""}`}
    data-shift=${shift.id} title=${label} aria-label=${[label, clash && t("shifts.clash"), ...wrong].filter(Boolean).join(" · ")}
    draggable=${shift.state === "planned"} onClick=${onOpen}
    onDragStart=${(event) => { event.dataTransfer.setData("text/plain", shift.id); event.dataTransfer.effectAllowed = "move"; }}>
    <b>${clock(shift.from_at)}–${end(shift)}</b>
    ${shift.name && html`<span class="name" dir="auto">${shift.name}</span>`}
    ${clash && html`<span class="shift-standing late">${t("shifts.clash")}</span>`}
    ${late && html`<span class="shift-standing late">${t("shifts.not_here_short")}</span>`}
    ${wrong.map((words) => html`<span key=${words} class="shift-standing fault">${words}</span>`)}</button>`;
}

function Cell({ agent, name, day, own, clashing, onOpen, drop }) {
  const [over, setOver] = useState(false);
  const rest = own.filter((shift) => dayOf(shift.from_at) < day && Date.parse(shift.to_at) > midnight(day));
  const begun = own.filter((shift) => dayOf(shift.from_at) === day);
  const future = day >= today.value;
  return html`<td class=${`${day === today.value ? "today" : ""} ${over ? "over" : ""}`}
    onDragOver=${(event) => { if (future) { event.preventDefault(); setOver(true); } }} onDragLeave=${() => setOver(false)}
    onDrop=${(event) => { event.preventDefault(); setOver(false); drop(event.dataTransfer.getData("text/plain"), agent, day); }}><div class="roster-cell">
    ${rest.map((shift) => html`<${Chip} key=${shift.id} shift=${shift} name=${name} rest=${true} onOpen=${() => onOpen({ shift })} />`)}
    ${begun.map((shift) => html`<${Chip} key=${shift.id} shift=${shift} name=${name} clash=${clashing.has(clashKey(shift))} onOpen=${() => onOpen({ shift })} />`)}
    ${future && html`<button type="button" class="plain roster-add" tabindex=${begun.length ? -1 : undefined}
      aria-label=${t("shifts.add_for", { name, day: date(day) })} onClick=${() => onOpen({ agent, day })}>+</button>`}
  </div></td>`;
}

// All that the desk has, and who is on the roster and gone by now.
function rowsOf(names, shifts, wanted) {
  const known = names.agents.map((one) => ({ id: one.id, name: one.name || one.id }));
  const ids = new Set(known.map((one) => one.id));
  const gone = [...new Map(shifts.filter((one) => !ids.has(one.agent)).map((one) => [one.agent, one.agent_name || one.agent]))];
  const by = new Map();
  for (const shift of shifts) by.set(shift.agent, [...(by.get(shift.agent) || []), shift]);
  return [...known, ...gone.map(([id, name]) => ({ id, name }))]
    .filter((one) => !wanted || `${one.id} ${one.name}`.toLowerCase().includes(wanted.toLowerCase()))
    .map((one) => ({ ...one, own: by.get(one.id) || [] }));
}

export function RosterGrid({ names, day, onOpen }) {
  const first = monday(day), days = daysFrom(first, 7);
  const fromMs = midnight(first), toMs = fromMs + 7 * DAY_MS;
  const { value: read } = useShifts(fromMs, toMs, tellsOfShifts);
  const { value: clashes } = useClashes(fromMs, toMs);
  const [wanted, setWanted] = useState("");
  const [only, setOnly] = useState(Math.max(0, days.indexOf(today.value))); // on a phone
  const shifts = useMemo(() => (read || []).filter((one) => one.state !== "cancelled"), [read]);
  const rows = useMemo(() => rowsOf(names, shifts, wanted), [names, shifts, wanted]);
  const clashing = new Set((clashes || []).flatMap((one) => [clashKey(one.one), clashKey(one.other)]));
  const inWeek = (shift) => days.includes(dayOf(shift.from_at));
  // What is dropped elsewhere opens the dialog, as it would be.
  function drop(id, agent, to) {
    const shift = shifts.find((one) => one.id === id);
    if (shift && (shift.agent !== agent || dayOf(shift.from_at) !== to)) onOpen({ shift, agent, day: to });
  }
  return html`<section class="roster" aria-labelledby="roster-title">
    <header class="shifts-period">
      <h2 id="roster-title" aria-live="polite">${range(first, days[6])}</h2>
      <span class="shift-steps"><a href=${`#/shifts/week/${plusDays(first, -7)}`} aria-label=${t("shifts.week.before")}>‹</a>
        <a href="#/shifts/week" aria-current=${days.includes(today.value) ? "true" : undefined}>${t("shifts.week.this")}</a>
        <a href=${`#/shifts/week/${plusDays(first, 7)}`} aria-label=${t("shifts.week.after")}>›</a></span>
      ${names.agents.length > SEARCH_FROM && html`<input type="search" class="look" value=${wanted} placeholder=${t("shifts.look")} aria-label=${t("shifts.look")}
        onInput=${(event) => setWanted(event.target.value)} />`}
      <ul class="roster-bands" aria-hidden="true">${["morning", "evening", "night"].map((id) => html`<li key=${id} class=${`band-${id}`}>${t(`shifts.band.${id}`)}</li>`)}</ul>
    </header>
    <${Clashes} clashes=${clashes || []} names=${names} />
    ${read && !shifts.length && html`<p class="none">${t("shifts.week.none")}</p>`}
    <div class="roster-days" role="group" aria-label=${t("shifts.day")}>${days.map((one, index) => html`<button key=${one} type="button" aria-pressed=${index === only}
      class=${one === today.value ? "today" : ""} onClick=${() => setOnly(index)}>${weekday(one)}<small>${Number(one.slice(8))}</small></button>`)}</div>
    <div class="roster-scroll" tabindex="0" role="region" aria-labelledby="roster-title" aria-busy=${!read}>
      <table class=${`roster-grid only-${only}`}><thead><tr><th scope="col" class="who">${t("shifts.col.agent_name")}</th>
        ${days.map((one) => html`<th key=${one} scope="col" class=${one === today.value ? "today" : ""} aria-current=${one === today.value ? "date" : undefined}>
          ${weekday(one)} <span>${date(one)}</span>${one === today.value && html` <em>${t("shifts.today")}</em>`}</th>`)}</tr></thead>
      <tbody>${rows.map(({ id, name, own }) => html`<tr key=${id} data-agent=${id}><th scope="row" class="who">
          <span class=${`dot ${present.value.get(id)?.presence || "offline"}`} title=${named("presence", present.value.get(id)?.presence || "offline")}></span>
          <span class="name" dir="auto" title=${id}>${name}</span> <small>${own.some(inWeek) ? hours(own.filter(inWeek).reduce((sum, one) => sum + length(one), 0)) : "—"}</small></th>
        ${days.map((one) => html`<${Cell} key=${one} agent=${id} name=${name} day=${one} own=${own} clashing=${clashing} onOpen=${onOpen} drop=${drop} lang=${language.value} />`)}</tr>`)}</tbody>
      <tfoot><tr><th scope="row" class="who">${t("shifts.people")}</th>
        ${days.map((one) => html`<td key=${one} class=${one === today.value ? "today" : ""}>${rows.filter(({ own }) => own.some((shift) => dayOf(shift.from_at) === one)).length || "—"}</td>`)}</tr></tfoot></table>
      ${wanted && !rows.length && html`<p class="none">${t("shifts.nobody")}</p>`}
    </div></section>`;
}
