// A line of a handover, or of its draft: whom and what it is about, and what that waits for.
import { at } from "../clock.js";
import { html } from "../html.js";
import { agentName, seatName, shopName } from "../state.js";
import { named, t } from "../words/index.js";
import { Countdown } from "./countdown.js";

function kindOf(line) {
  if (line.about === "item") return line.kind ? named("rule", line.kind) : t("handover.about.item");
  if (line.about === "other" && line.ref) {
    return `${t("handover.about.flag")}${line.kind ? ` ${named("rule", line.kind)}` : ""}`;
  }
  return t(`handover.about.${line.about}`);
}

// Of a refund the order and its reason; of a call-back what was promised.
function Work({ line }) {
  if (line.kind === "call_back") return line.reason && line.reason !== line.text && html`<span class="promised" dir="auto">${line.reason}</span>`;
  const reason = line.kind === "refund" && line.reason ? named("refund.reason", line.reason) : line.reason;
  return html`${line.order && html`<span>${line.order}</span>`} ${reason && html`<small dir="auto">${reason}</small>`}`;
}

function Dues({ line }) {
  if (line.about === "other" || (line.ref && !line.open)) return null;
  if (line.about !== "session") return line.due_at && html`<${Countdown} due=${line.due_at} />`;
  if (!line.waits.length) return html`<small>${t("handover.answered")}</small>`;
  return line.waits.map((one) => (one.due_at
    ? html`<${Countdown} key=${one.rule} due=${one.due_at} label=${named("rule", one.rule)} />`
    : html`<span key=${one.rule} class="due late">${t("handover.overdue", { rule: named("rule", one.rule) })}</span>`));
}

export function LineHead({ line, children }) {
  return html`<div class="what"><span class=${`kind of-${line.about}`}>${kindOf(line)}</span>
    ${line.buyer && html`<b dir="auto" title=${line.buyer}>${line.buyer}</b>`} ${line.shop && html`<small>${shopName(line.shop)}</small>`}
    <${Work} line=${line} /> <${Dues} line=${line} />${children}</div>`;
}

// The last words of a session, so that who hands it over sees which one it is.
export function LastWords({ messages }) {
  if (!messages.length) return null;
  return html`<ul class="last">${messages.map((one) => html`<li key=${one.id} class=${one.side}>
    <small><time datetime=${one.sent_at}>${at(one.sent_at)}</time> ${one.side === "buyer" ? t("handover.buyer")
      : one.by === "human" ? (one.agent ? agentName(one.agent) : seatName(one.sub_account)) : t(`by.${one.by}`)}</small>
    <span dir="auto">${one.text || (one.kind === "text" ? "" : named("kind", one.kind))}</span></li>`)}</ul>`;
}

// From whom to whom; a shift that is not handed over yet (`filed_at` is null) may have no next one.
export const taker = (one) => (one.to ? agentName(one.to)
  : t(one.filed_at === null ? "handover.nobody" : "handover.anybody"));
export const Between = ({ one }) => html`<bdi>${agentName(one.agent)}</bdi> → <bdi>${taker(one)}</bdi>`;
