// Attendance over a stretch of days: each agent in numbers, and each shift with something the
// matter. It is noted from presence and never fined (RULES §5).
import { get } from "../api.js";
import { html, useState } from "../html.js";
import { desk } from "../state.js";
import { t } from "../words/index.js";
import { clock, date, dayOf, DAY_MS, hours, midnight, minutes, moment, monday, plusDays, range, times, today, weekday } from "./roster_days.js";
import { nameOf } from "./roster_clashes.js";
import { useReading } from "./reading.js";
import { tellsOfShifts } from "./shift_read.js";
import { faults } from "./shift_status.js";

const SHOWN = 100;
const month = (day) => `${day.slice(0, 7)}-01`;
const PERIODS = {
  today: (day) => [day, day],
  week: (day) => [monday(day), plusDays(monday(day), 6)],
  month: (day) => [month(day), plusDays(month(plusDays(month(day), 32)), -1)],
  last_month: (day) => [month(plusDays(month(day), -1)), plusDays(month(day), -1)],
};
const wrongs = (row) => row.absent * 100 + row.late + row.left_early;
// How often, and by how much in all.
const often = (count, ms) => (count ? t("shifts.often", { n: count, span: minutes(ms) }) : "—");

function Sums({ agents, names }) {
  const rows = [...agents].sort((a, b) => wrongs(b) - wrongs(a) || (a.name || a.agent).localeCompare(b.name || b.agent));
  return html`<div class="roster-scroll" tabindex="0" role="region" aria-label=${t("shifts.view.attendance")}><table class="shift-sums"><thead><tr>
      ${["agent_name", "shifts", "planned", "late", "left_early", "absent", "away"].map((name) => html`<th key=${name} scope="col" class=${`col-${name}`}>${t(`shifts.col.${name}`)}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.agent} data-agent=${row.agent}><th scope="row" dir="auto">${row.name || nameOf(names, row.agent)}</th>
      <td>${row.shifts}</td><td>${hours(row.planned_ms)}</td>
      <td class=${row.late ? "bad" : ""}>${often(row.late, row.late_ms)}</td>
      <td class=${row.left_early ? "bad" : ""}>${often(row.left_early, row.early_ms)}</td>
      <td class=${row.absent ? "bad" : ""}>${row.absent ? t("shifts.times", { n: row.absent }) : "—"}</td>
      <td>${row.away_ms ? minutes(row.away_ms) : "—"}${row.away_in_breaks_ms > 0 && html` <small>${t("shifts.in_breaks", { span: minutes(row.away_in_breaks_ms) })}</small>`}</td></tr>`)}</tbody></table></div>`;
}

function Matters({ shifts, names, onOpen }) {
  const [shown, setShown] = useState(SHOWN);
  const rows = [...shifts].sort((a, b) => b.from_at.localeCompare(a.from_at));
  return html`<h3>${t("shifts.matters", { n: rows.length })}</h3>
    ${rows.length === 0 && html`<p class="none">${t("shifts.matters.none")}</p>`}
    <ul class="shift-matters">${rows.slice(0, shown).map((shift) => html`<li key=${shift.id}>
      <button type="button" class="plain" onClick=${() => onOpen({ shift })}><b dir="auto">${shift.agent_name || nameOf(names, shift.agent)}</b></button>
      <span>${date(dayOf(shift.from_at))} ${weekday(dayOf(shift.from_at))} ${times(shift)} <span dir="auto">${shift.name}</span></span>
      <span>${faults(shift).map((words) => html`<span key=${words} class="shift-standing fault">${words}</span> `)}</span>
      <small>${shift.came_at ? t("shifts.came", { time: clock(shift.came_at) }) : ""} ${shift.left_at ? t("shifts.left", { time: clock(shift.left_at) }) : ""}</small></li>`)}</ul>
    ${rows.length > shown && html`<button type="button" onClick=${() => setShown(shown + SHOWN)}>${t("shifts.more", { n: rows.length - shown })}</button>`}`;
}

export function Attendance({ names, onOpen }) {
  const [by, setBy] = useState("week");
  const [own, setOwn] = useState(null); // days chosen by hand
  const [first, last] = own || PERIODS[by](today.value);
  const { value: found } = useReading(() => get("/v1/attendance", {
    desk: desk.value, from: moment(midnight(first)), to: moment(midnight(last) + DAY_MS),
  }), [desk.value, first, last], tellsOfShifts);
  const choose = (which, value) => {
    if (!value) return;
    const days = which ? [first, value] : [value, last];
    setOwn(days[0] <= days[1] ? days : [value, value]);
  };
  return html`<section class="attendance" aria-labelledby="attendance-title">
    <header class="shifts-period"><h2 id="attendance-title">${range(first, last)}</h2>
      <div class="filters" role="group" aria-label=${t("shifts.period")}>${Object.keys(PERIODS).map((id) => html`<button key=${id} type="button"
        aria-pressed=${!own && id === by} onClick=${() => { setOwn(null); setBy(id); }}>${t(`shifts.period.${id}`)}</button>`)}</div>
      <span class="shifts-between"><input type="date" value=${first} aria-label=${t("shifts.from_day")} onChange=${(event) => choose(0, event.target.value)} /> –
        <input type="date" value=${last} aria-label=${t("shifts.to_day")} onChange=${(event) => choose(1, event.target.value)} /></span>
    </header>
    ${!found && html`<p class="loading" role="status">${t("app.loading")}</p>`}
    ${found && (found.agents.length ? html`<${Sums} agents=${found.agents} names=${names} /><${Matters} shifts=${found.shifts} names=${names} onOpen=${onOpen} />`
    : html`<p class="none">${t("shifts.attendance.none")}</p>`)}
    <p class="shifts-note">${t("shifts.attendance.note")}</p>
  </section>`;
}
