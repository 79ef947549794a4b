// An agent's own shifts of this week and the next: with breaks, and who is on the same
// sub-accounts before, beside and after.
import { get } from "../api.js";
import { now, span } from "../clock.js";
import { html, useEffect, useMemo } from "../html.js";
import { desk, me } from "../state.js";
import { t } from "../words/index.js";
import { breaksText, clock, date, dayOf, daysFrom, DAY_MS, end, hours, length, midnight, moment, monday, plusDays, times, today, weekday } from "./roster_days.js";
import { band } from "./roster_grid.js";
import { useReading } from "./reading.js";
import { readShifts, tellsOfPresence } from "./shift_read.js";
import { faults, Status } from "./shift_status.js";

// Of colleagues' shifts no fact tells an agent.
const AGAIN_MS = 60_000;

const names = (list, words) => list.map(words).join("、");
const whoOf = (one) => one.agent_name || one.agent;
// With the day, where it is another.
const from = (one, shift) => (dayOf(one.from_at) === dayOf(shift.from_at) ? clock(one.from_at) : `${date(dayOf(one.from_at))} ${clock(one.from_at)}`);

function Around({ shift, around }) {
  return html`<ul class="shift-around">
    ${shift.breaks.length > 0 && html`<li><span>${t("shifts.breaks")}</span> ${breaksText(shift)}</li>`}
    ${shift.sub_accounts.length > 0 && html`<li><span>${t("shifts.sub_accounts")}</span> <bdi>${shift.sub_accounts.join("、")}</bdi></li>`}
    ${around?.before.length > 0 && html`<li><span>${t("shifts.before")}</span> <bdi>${names(around.before, (one) => `${whoOf(one)} ${times(one)}`)}</bdi></li>`}
    ${around?.beside.length > 0 && html`<li><span>${t("shifts.beside")}</span> <bdi>${names(around.beside, (one) => `${whoOf(one)} ${times(one)}(${one.sub_accounts.join("、")})`)}</bdi></li>`}
    ${around?.after && html`<li><span>${t("shifts.after")}</span> <bdi>${t("shifts.after.from", { name: whoOf(around.after), time: from(around.after, shift) })}</bdi></li>`}
  </ul>`;
}

function Shift({ shift, around }) {
  return html`<div class=${`my-shift ${band(shift)} ${shift.state}`} data-shift=${shift.id}>
    <p><b>${clock(shift.from_at)}–${end(shift)}</b> <span dir="auto">${shift.name}</span> <small>${hours(length(shift))}</small>
      ${shift.state !== "planned" && html` <${Status} shift=${shift} />`}</p>
    ${shift.state !== "cancelled" && html`<${Around} shift=${shift} around=${around} />`}</div>`;
}

function Week({ title, first, shifts, around }) {
  const working = shifts.filter((one) => one.state !== "cancelled");
  return html`<section class="my-week" aria-label=${title}><header><h2>${title}</h2>
      <small>${t("shifts.sum", { n: working.length, hours: hours(working.reduce((sum, one) => sum + length(one), 0)) })}</small></header>
    <ol>${daysFrom(first, 7).map((day) => html`<li key=${day} class=${`${day === today.value ? "today" : ""} ${day < today.value ? "past" : ""} ${shifts.some((one) => dayOf(one.from_at) === day) ? "" : "free"}`}
      aria-current=${day === today.value ? "date" : undefined}>
      <p class="day"><b>${weekday(day)}</b> ${date(day)}${day === today.value && html` <em>${t("shifts.today")}</em>`}</p>
      <div>${shifts.filter((one) => dayOf(one.from_at) === day).map((one) => html`<${Shift} key=${one.id} shift=${one} around=${around.get(one.id)} />`)}
        ${!working.some((one) => dayOf(one.from_at) === day) && html`<p class="off">${t("shifts.off")}</p>`}</div></li>`)}</ol></section>`;
}

// What presses: the shift that is on, else the next.
function Now({ shifts, around }) {
  const on = shifts.find((one) => one.state === "on"), next = shifts.find((one) => one.state === "planned");
  const one = on || next;
  if (!one) return html`<section class="my-now"><p class="none">${t("shifts.mine.none")}</p></section>`;
  const after = around.get(one.id)?.after, left = Date.parse(on ? one.to_at : one.from_at) - now.value;
  const wrong = on && !on.came_at;
  return html`<section class=${`my-now ${on ? "on" : ""} ${wrong ? "late" : ""}`} aria-label=${t(on ? "shifts.mine.on" : "shifts.mine.next")}>
    <p class="what">${t(on ? "shifts.mine.on" : "shifts.mine.next")} <b>${on ? "" : `${date(dayOf(one.from_at))} ${weekday(dayOf(one.from_at))} `}${times(one)}</b> <span dir="auto">${one.name}</span></p>
    <p class="left">${left < DAY_MS ? t(on ? "shifts.mine.left" : "shifts.mine.begins", { span: span(Math.max(0, left)) }) : t("shifts.mine.days", { n: Math.floor(left / DAY_MS) })}</p>
    ${wrong && html`<p class="shift-standing late" role="status">${t("shifts.mine.late")}</p>`}
    ${on && faults(on).map((words) => html`<p key=${words} class="shift-standing fault">${words}</p>`)}
    ${after && html`<p>${t("shifts.after")} <b dir="auto">${whoOf(after)}</b> <small>${from(after, one)}</small></p>`}
  </section>`;
}

export function MyShifts() {
  const first = monday(today.value), next = plusDays(first, 7);
  const asked = { from: moment(midnight(first)), to: moment(midnight(plusDays(first, 14))) };
  const { value, again } = useReading(() => Promise.all([readShifts(asked), get("/v1/shifts/around", { desk: desk.value, ...asked })])
    .then(([shifts, { shifts: around }]) => ({ shifts, around: new Map(around.map((one) => [one.shift, one])) })), [desk.value, first, me.value.user], tellsOfPresence);
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) again(); }, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  const week = useMemo(() => (begin) => (value?.shifts || []).filter((one) => monday(dayOf(one.from_at)) === begin), [value]);
  if (value === undefined) return html`<p class="none">${t("shifts.mine.none")}</p>`;
  if (!value) return html`<p class="loading" role="status">${t("app.loading")}</p>`;
  const running = value.shifts.filter((one) => one.state !== "cancelled" && Date.parse(one.to_at) > now.value);
  return html`<div class="my-shifts"><${Now} shifts=${running} around=${value.around} />
    <div class="weeks"><${Week} title=${t("shifts.week.this")} first=${first} shifts=${week(first)} around=${value.around} />
      <${Week} title=${t("shifts.week.next")} first=${next} shifts=${week(next)} around=${value.around} /></div></div>`;
}
