// How it stands with somebody's shift: coming late, here, on a break, gone early, never there.
import { now } from "../clock.js";
import { html } from "../html.js";
import { board } from "../state.js";
import { t } from "../words/index.js";
import { clock, minutes } from "./roster_days.js";

const within = (one, at) => Date.parse(one.from_at) <= at && at < Date.parse(one.to_at);
const planned = (shift, at) => shift.breaks.find((one) => within(one, at));

// Since when somebody is awaited. Nobody is late for what was planned after it had begun: the
// board knows of that.
function awaitedSince(shift) {
  const row = board.value?.rostered.find((one) => one.shift === shift.id);
  return row && !row.came ? Date.parse(board.value.now) - row.late_ms : Date.parse(shift.from_at);
}

// Of a shift that is on: `{kind, words}`; kinds are late, gone, rest, here.
export function standing({ came, presence, late_ms: lateMs, breaks, since }) {
  const at = now.value, rest = planned({ breaks }, at);
  if (!came) return { kind: "late", words: t("shifts.not_here", { span: minutes(Math.max(0, at - since)) }) };
  if (presence === "offline") return { kind: "gone", words: t("shifts.gone") };
  if (presence === "away") {
    return rest ? { kind: "rest", words: t("shifts.on_break", { time: clock(rest.to_at) }) } : { kind: "rest", words: t("presence.away") };
  }
  return { kind: "here", words: lateMs ? t("shifts.here_late", { span: minutes(lateMs) }) : t("shifts.here") };
}

export function status(shift) {
  if (shift.state === "on") {
    return standing({ came: Boolean(shift.came_at), presence: shift.presence, late_ms: shift.late_ms, breaks: shift.breaks, since: awaitedSince(shift) });
  }
  if (shift.state !== "over") return { kind: shift.state, words: t(`shifts.state.${shift.state}`) };
  const wrong = faults(shift);
  return wrong.length ? { kind: "fault", words: wrong.join(" · ") } : { kind: "over", words: t("shifts.state.over") };
}

// What was the matter with it, in words.
export function faults(shift) {
  if (shift.absent) return [t("shifts.absent")];
  return [shift.late_ms > 0 && t("shifts.late", { span: minutes(shift.late_ms) }),
    shift.early_ms > 0 && t("shifts.early", { span: minutes(shift.early_ms) })].filter(Boolean);
}

export function Status({ shift }) {
  const { kind, words } = status(shift);
  return html`<span class=${`shift-standing ${kind}`}>${words}</span>`;
}

// Who is rostered now, on the board.
export const rosteredOf = (agent) => {
  const theirs = (board.value?.rostered || []).filter((one) => one.agent === agent);
  return theirs.find((one) => !one.came) || theirs[0];
};
export const awaited = (row) => Boolean(row) && !row.came;

export function Duty({ row }) {
  const { kind, words } = standing({ ...row, since: Date.parse(board.value.now) - row.late_ms });
  if (words === t("presence.away")) return null; // that stands beside it, with the reason
  const until = [t("shifts.until", { time: clock(row.to_at) }), row.late_ms > 0 && t("shifts.late", { span: minutes(row.late_ms) })];
  return html`<span class=${`shift-standing ${kind}`}>${kind === "here" ? until.filter(Boolean).join(" · ") : words}</span> · `;
}
