// A deadline as people read it: how long is left, in a colour that says how urgent it is.
import { now, span } from "../clock.js";
import { html } from "../html.js";
import { named, t } from "../words/index.js";

const SOON_MS = 120_000;

export const urgency = (dueAt) => {
  const left = Date.parse(dueAt) - now.value;
  return left < 0 ? "late" : left < SOON_MS ? "soon" : "calm";
};

// How long something has lasted.
export const Since = ({ at }) => html`${span(now.value - Date.parse(at))}`;

// What presses most in a session; of a buyer whose time is up, how long they have waited.
export function Pressing({ one }) {
  if (one.waiting && one.overdue) {
    return html`<time class="due late" datetime=${one.waiting_since_at}>${t("board.waits", { span: span(now.value - Date.parse(one.waiting_since_at)) })}</time>`;
  }
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
