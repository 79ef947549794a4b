// One day of the roster as it goes: each shift a bar over the hours, its breaks in it, when its
// agent came and left; and how it stands with each. Whoever is awaited stands first.
import { now } from "../clock.js";
import { html } from "../html.js";
import { t } from "../words/index.js";
import { clock, date, DAY_MS, HOUR_MS, midnight, plusDays, times, today, weekday } from "./roster_days.js";
import { nameOf } from "./roster_clashes.js";
import { band, described } from "./roster_grid.js";
import { tellsOfPresence, useShifts } from "./shift_read.js";
import { status, Status } from "./shift_status.js";

const HOURS = [0, 3, 6, 9, 12, 15, 18, 21, 24];
const COUNTED = ["late", "gone", "rest", "here"];
const FIRST = { late: 0, gone: 1 };

// Where a stretch of time lies on the day, as properties for an element.
function placed(fromMs, toMs, day) {
  const from = Math.max(0, (fromMs - day) / DAY_MS), to = Math.min(1, (toMs - day) / DAY_MS);
  return { style: { left: `${from * 100}%`, width: `${Math.max(0, to - from) * 100}%` } };
}
const ms = (time) => Date.parse(time);

function Bar({ shift, day, name, onOpen }) {
  const from = ms(shift.from_at), to = ms(shift.to_at), at = now.value;
  const missed = shift.absent || (shift.state === "on" && !shift.came_at) ? [from, Math.min(to, at)]
    : shift.late_ms ? [from, ms(shift.came_at)] : null;
  const early = shift.left_at && (shift.early_ms || shift.state === "on") ? [ms(shift.left_at), Math.min(to, at)] : null;
  const shown = Math.max(from, day), whole = Math.min(to, day + DAY_MS) - shown;
  const inside = (begin, end) => placed(day + (Math.max(begin, shown) - shown) / whole * DAY_MS, day + (Math.min(end, to) - shown) / whole * DAY_MS, day);
  return html`<button type="button" class=${`shift-bar ${band(shift)} ${shift.state} ${from < day ? "from-before" : ""} ${to > day + DAY_MS ? "over-midnight" : ""}`}
    ...${placed(from, to, day)} data-shift=${shift.id} title=${described(shift, name)} aria-label=${described(shift, name)} onClick=${() => onOpen({ shift })}>
    ${shift.breaks.filter((one) => ms(one.to_at) > shown && ms(one.from_at) < day + DAY_MS).map((one) => html`<i key=${one.from_at} class="pause" ...${inside(ms(one.from_at), ms(one.to_at))}></i>`)}
    ${missed && missed[1] > shown && html`<i class="missed" ...${inside(...missed)}></i>`}
    ${early && early[1] > shown && html`<i class="missed" ...${inside(...early)}></i>`}
    <span>${from < day ? "← " : ""}${times(shift)}${to > day + DAY_MS ? " →" : ""} ${shift.name}</span></button>`;
}

function Row({ shift, day, names, onOpen }) {
  const name = shift.agent_name || nameOf(names, shift.agent);
  return html`<li data-shift-row=${shift.id} class=${status(shift).kind}>
    <p class="who"><b dir="auto">${name}</b> <small class="times">${times(shift)}</small> <${Status} shift=${shift} /></p>
    <div class="shift-lane"><${Bar} shift=${shift} day=${day} name=${name} onOpen=${onOpen} /></div></li>`;
}

export function ShiftDay({ names, day, onOpen }) {
  const start = midnight(day), isToday = day === today.value;
  const { value: read } = useShifts(start, start + DAY_MS, tellsOfPresence);
  const shifts = (read || []).filter((one) => one.state !== "cancelled" && ms(one.from_at) < start + DAY_MS && ms(one.to_at) > start);
  const order = (one) => FIRST[status(one).kind] ?? (one.state === "on" ? 2 : one.state === "planned" ? 3 : 4);
  const rows = [...shifts].sort((a, b) => order(a) - order(b) || a.from_at.localeCompare(b.from_at) || a.agent.localeCompare(b.agent));
  const kinds = shifts.filter((one) => one.state === "on").map((one) => status(one).kind);
  const line = isToday ? { style: { left: `${(now.value - start) / DAY_MS * 100}%` } } : null;
  return html`<section class="day-shifts" aria-labelledby="day-title">
    <header class="shifts-period">
      <h2 id="day-title" aria-live="polite">${date(day)} ${weekday(day)}</h2>
      <span class="shift-steps"><a href=${`#/shifts/day/${plusDays(day, -1)}`} aria-label=${t("shifts.day.before")}>‹</a>
        <a href="#/shifts/day" aria-current=${isToday ? "true" : undefined}>${t("shifts.today")}</a>
        <a href=${`#/shifts/day/${plusDays(day, 1)}`} aria-label=${t("shifts.day.after")}>›</a></span>
      ${isToday && html`<ul class="shift-tally">${COUNTED.map((kind) => html`<li key=${kind} class=${kind === "late" && kinds.includes(kind) ? "alarm" : ""}>
        <b>${kinds.filter((one) => one === kind).length}</b> ${t(`shifts.tally.${kind}`)}</li>`)}</ul>`}
    </header>
    ${!read && html`<p class="loading" role="status">${t("app.loading")}</p>`}
    ${read && !rows.length && html`<p class="none">${t("shifts.day.none")}</p>`}
    ${rows.length > 0 && html`<div class="shift-timeline">
      <div class="shift-hours" aria-hidden="true"><div class="shift-lane">${HOURS.filter((hour) => !line || Math.abs(start + hour * HOUR_MS - now.value) > HOUR_MS).map((hour) => html`<span key=${hour} ...${{ style: { left: `${hour / 24 * 100}%` } }}>${hour}</span>`)}
        ${line && html`<em ...${line}>${clock(now.value)}</em>`}</div></div>
      <ol>${rows.map((shift) => html`<${Row} key=${shift.id} shift=${shift} day=${start} names=${names} onOpen=${onOpen} />`)}</ol>
      ${line && html`<div class="shift-rule" aria-hidden="true"><div class="shift-lane"><i class="shift-now" ...${line}></i></div></div>`}
    </div>`}
  </section>`;
}
