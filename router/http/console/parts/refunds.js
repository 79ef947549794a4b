// Work that belongs to a session and needs a word of its own: refunds, call-backs, notes.
import { part, post } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { agentName, buyerName, failed, me, refresh, shopName, show, supervises, toast, whoIs } from "../state.js";
import { named, t } from "../words/index.js";
import { sessionOf } from "./board_item.js";
import { WithReason } from "./conversation.js";
import { Countdown } from "./countdown.js";

const OUTCOMES = ["agreed", "refused", "withdrawn"];

export function Refunds({ one }) {
  const work = one.work.filter((item) => item.state !== "settled" && item.kind !== "order_check");
  const [asking, setAsking] = useState(null); // the refund that is escalated by key
  const next = work.find((item) => mayEscalate(item));
  useEffect(() => {
    function pressed(event) {
      if (!next || !event.altKey || event.code !== "KeyS" || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      setAsking(next);
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  if (!work.length) return null;
  return html`${asking && html`<${Escalate} item=${asking} onClose=${() => setAsking(null)} />`}<ul class="work-items" aria-label=${t("work.items")}>${work.map((item) => html`<${Item} key=${item.id} item=${item} />`)}</ul>`;
}

const mayEscalate = (item) => item.kind === "refund" && !supervises.value && !item.escalated_by
  && [me.value.agent?.id, ""].includes(item.agent);
const Escalate = ({ item, onClose }) => html`<${WithReason} title=${`${t("refund.escalate")} ${item.key}`} onClose=${onClose}
  act=${(reason) => post(`/v1/refunds/${part(item.id)}/escalate`, { reason })} />`;

export const takeOver = (item) => post(`/v1/refunds/${part(item.id)}/take-over`).then(refresh).catch(failed);

// The buyer's name; the way to their conversation, where one is open.
function Buyer({ item }) {
  const open = sessionOf(item);
  return open ? html`<button type="button" class="plain to-buyer" dir="auto" title=${item.buyer} onClick=${() => show(open.id)}>${buyerName(item)}</button>`
    : html`<bdi title=${item.buyer}>${buyerName(item)}</bdi>`;
}

// `apart`: it stands beside no conversation that says whose it is.
export function Item({ item, apart = false }) {
  const [asking, setAsking] = useState("");
  const mine = item.agent && item.agent === me.value.agent?.id;
  const may = mine || supervises.value || !item.agent;
  const refund = item.kind === "refund", promise = item.kind === "call_back";
  const settle = (outcome) => post(`/v1/refunds/${part(item.id)}/resolve`, { outcome })
    .then(() => { toast(t("refund.settled"), "good"); return refresh(); }).catch(failed);
  return html`<li class="work-item" data-item=${item.id}>
    ${apart && html`<span><${Buyer} item=${item} /> <small>${shopName(item.shop)}${supervises.value && !item.taken_by ? ` · ${item.agent ? agentName(item.agent) : t("board.nobody")}` : ""}</small></span>`}
    <b>${named("rule", item.kind)}</b> ${!promise && html`<span>${item.key}</span>`} <${Countdown} due=${item.due_at} />
    ${promise ? html`<span class="promised" dir="auto">${item.reason}</span>${!apart && !mine && item.agent && html` <small>${agentName(item.agent)}</small>`}`
    : item.reason && html`<small>${named("refund.reason", item.reason)}</small>`}
    ${item.taken_by && html`<small>${t("refund.taken", { by: whoIs(item.taken_by) })}</small>`}
    ${item.escalated_by && html`<small>${t("refund.escalated")} ${item.escalation}</small>`}
    ${may && refund && html`<span class="acts">
      ${OUTCOMES.map((outcome) => html`<button key=${outcome} type="button" onClick=${() => settle(outcome)}>${t(`refund.${outcome}`)}</button>`)}
      ${mayEscalate(item) && html`<button type="button" onClick=${() => setAsking("escalate")} aria-keyshortcuts=${apart ? undefined : "Alt+S"} title=${apart ? undefined : "Alt+S"}>${t("refund.escalate")}</button>`}
      ${supervises.value && !item.taken_by && html`<button type="button" onClick=${() => takeOver(item)}>${t("refund.take_over")}</button>`}
    </span>`}
    ${may && (item.kind === "review_case" || item.kind === "cod_confirm") && html`<button type="button" onClick=${() => setAsking("note")}>${t("item.note")}</button>`}
    ${(mine || supervises.value) && promise && html`<button type="button" onClick=${() => setAsking("withdraw")}>${t("item.withdraw")}</button>`}
    ${asking === "escalate" && html`<${Escalate} item=${item} onClose=${() => setAsking("")} />`}
    ${asking === "note" && html`<${WithReason} title=${t("item.note")} label=${t("item.note.words")} onClose=${() => setAsking("")}
      act=${(text) => post(`/v1/items/${part(item.id)}/note`, { text })} />`}
    ${asking === "withdraw" && html`<${WithReason} title=${t("item.withdraw")} onClose=${() => setAsking("")}
      act=${(why) => post(`/v1/items/${part(item.id)}/withdraw`, { why })} />`}
  </li>`;
}
