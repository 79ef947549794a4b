// Work that belongs to a session and needs a word of its own: refunds, call-backs, notes.
import { part, post } from "../api.js";
import { html, useState } from "../html.js";
import { agentName, failed, me, refresh, supervises, toast } from "../state.js";
import { named, t } from "../words/index.js";
import { WithReason } from "./conversation.js";
import { Countdown } from "./countdown.js";

const OUTCOMES = ["agreed", "refused", "withdrawn"];

export function Refunds({ one }) {
  const work = one.work.filter((item) => item.state !== "settled" && item.kind !== "order_check");
  if (!work.length) return null;
  return html`<ul class="work-items" aria-label=${t("work.items")}>${work.map((item) => html`<${Item} key=${item.id} item=${item} />`)}</ul>`;
}

export function Item({ item }) {
  const [asking, setAsking] = useState("");
  const mine = item.agent && item.agent === me.value.agent?.id;
  const may = mine || supervises.value || !item.agent;
  const refund = item.kind === "refund", promise = item.kind === "call_back";
  const settle = (outcome) => post(`/v1/refunds/${part(item.id)}/resolve`, { outcome })
    .then(() => { toast(t("refund.settled"), "good"); return refresh(); }).catch(failed);
  const takeOver = () => post(`/v1/refunds/${part(item.id)}/take-over`).then(refresh).catch(failed);
  return html`<li class="work-item">
    <b>${named("rule", item.kind)}</b> ${!promise && html`<span>${item.key}</span>`} <${Countdown} due=${item.due_at} />
    ${promise ? html`<span class="promised" dir="auto">${item.reason}</span>${!mine && item.agent && html` <small>${agentName(item.agent)}</small>`}`
    : item.reason && html`<small>${named("refund.reason", item.reason)}</small>`}
    ${item.taken_by && html`<small>${t("refund.taken", { by: item.taken_by })}</small>`}
    ${item.escalated_by && html`<small>${t("refund.escalated")} ${item.escalation}</small>`}
    ${may && refund && html`<span class="acts">
      ${OUTCOMES.map((outcome) => html`<button key=${outcome} type="button" onClick=${() => settle(outcome)}>${t(`refund.${outcome}`)}</button>`)}
      ${!supervises.value && !item.escalated_by && html`<button type="button" onClick=${() => setAsking("escalate")}>${t("refund.escalate")}</button>`}
      ${supervises.value && !item.taken_by && html`<button type="button" onClick=${takeOver}>${t("refund.take_over")}</button>`}
    </span>`}
    ${may && (item.kind === "review_case" || item.kind === "cod_confirm") && html`<button type="button" onClick=${() => setAsking("note")}>${t("item.note")}</button>`}
    ${(mine || supervises.value) && promise && html`<button type="button" onClick=${() => setAsking("withdraw")}>${t("item.withdraw")}</button>`}
    ${asking === "escalate" && html`<${WithReason} title=${t("refund.escalate")} onClose=${() => setAsking("")}
      act=${(reason) => post(`/v1/refunds/${part(item.id)}/escalate`, { reason })} />`}
    ${asking === "note" && html`<${WithReason} title=${t("item.note")} label=${t("item.note.words")} onClose=${() => setAsking("")}
      act=${(text) => post(`/v1/items/${part(item.id)}/note`, { text })} />`}
    ${asking === "withdraw" && html`<${WithReason} title=${t("item.withdraw")} onClose=${() => setAsking("")}
      act=${(why) => post(`/v1/items/${part(item.id)}/withdraw`, { why })} />`}
  </li>`;
}
