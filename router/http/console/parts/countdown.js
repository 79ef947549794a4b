// A deadline as people read it: how long is left, in a colour that says how urgent it is.
import { at, now, span } from "../clock.js";
import { html } from "../html.js";
import { named, t } from "../words/index.js";

const SOON_MS = 120_000;

export const urgency = (dueAt) => {
  const left = Date.parse(dueAt) - now.value;
  return left < 0 ? "late" : left < SOON_MS ? "soon" : "calm";
};

// How long something has lasted.
export const Since = ({ at }) => html`${span(now.value - Date.parse(at))}`;

// A buyer whose time is up has no deadline any more: how long they have waited.
export const isOverdue = (one) => one.waiting && one.overdue;
export const Waited = ({ one, label = "" }) => html`<time class="due late" datetime=${one.waiting_since_at}>${t("board.waits", { span: span(now.value - Date.parse(one.waiting_since_at)) })}${label && html` <small>${label}</small>`}</time>`;

// What presses most in a session.
export function Pressing({ one, label = "" }) {
  if (isOverdue(one)) return html`<${Waited} one=${one} label=${label} />`;
  const [first] = one.deadlines;
  return html`<${Countdown} due=${first?.due_at} label=${first ? named("rule", first.rule) : ""} />`;
}

export function Countdown({ due, label = "" }) {
  if (!due) return html`<span class="due none">—</span>`;
  const left = Date.parse(due) - now.value;
  const kind = urgency(due);
  const text = kind === "late" ? t("due.late", { span: span(-left) }) : span(left);
  return html`<time class=${`due ${kind}`} datetime=${due}>${text}${label && html` <small>${label}</small>`}</time>`;
}

// A session's deadline. One that nothing can meet before its window opens says when that is.
export function Deadline({ due }) {
  if (due.from_at && Date.parse(due.from_at) > now.value) {
    return html`<time class="due calm from" datetime=${due.from_at}>${t("work.from", { rule: named("rule", due.rule), time: at(due.from_at) })}</time>`;
  }
  return html`<${Countdown} due=${due.due_at} label=${`${named("rule", due.rule)} ${due.rule === "call_back" ? "" : due.key}`} />`;
}
