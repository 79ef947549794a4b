// Orders' remarks (改备注): what somebody has noted on a buyer's order, for the platform and for
// whoever has the session next. Here they stand below the conversation's head.
import { get, part } from "../api.js";
import { at } from "../clock.js";
import { html, useState } from "../html.js";
import { listen, me, sessions, toast, whoIs } from "../state.js";
import { named, t } from "../words/index.js";
import { useReading } from "./reading.js";

export const FLAGS = ["red", "yellow", "green", "blue", "purple"];
const FEW = 3; // shown at once
const MOST = 20; // of which it is asked whether they have reached the platform

export const remarkPath = (shop, order) => `/v1/orders/${part(`${shop}~${order}`)}/remark`;

// Its colour is said beside it.
export const Flag = ({ of }) => html`<svg class=${`order-flag ${of}`} viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 15V1.5h9.5l-3 4 3 4H3.5" /></svg>`;

// The orders that are known in a session: what is to be done for comes first, then what was
// spoken of last.
export function ordersOf(one, list) {
  const checks = one.deadlines.filter((due) => due.rule === "order_check").map((due) => due.key);
  const said = list.map((message) => message.order).reverse();
  const rest = [...one.work, ...newest(one)].map((other) => other.order);
  return [...new Set([...checks, ...said, ...rest])].filter(Boolean);
}

const newest = (one) => [...one.remarks].sort((a, b) => b.at.localeCompare(a.at));
const name = (remark) => `${remark.order} ${remark.at}`;

// Whether a fact is about an order's remark: it was set, or has reached the platform, or has not.
const NAMED = /^remark-(.*)-\d+$/s;
const orderIn = (fact) => (fact.type === "order_remarked" ? fact.order
  : fact.type === "delivery_reported" ? NAMED.exec(fact.message)?.[1] : undefined);
export const remarked = (shop, orders) => (fact) => fact.shop === shop && orders.includes(orderIn(fact));

// What became of each on its way to the platform, by `name`.
function useDeliveries(one) {
  const asked = newest(one).slice(0, MOST);
  const read = async () => {
    const found = await Promise.all(asked.map(({ shop, order }) => get(remarkPath(shop, order))));
    return new Map(found.map(({ remark, delivery }) => [name(remark), delivery]));
  };
  const orders = asked.map((remark) => remark.order);
  return useReading(read, [one.id, asked.map(name).join("\n")], remarked(one.shop, orders)).value;
}

export const Standing = ({ remark, delivery }) => html`<small>${named("remark.flag", remark.flag)} · ${whoIs(remark.agent)} <time datetime=${remark.at}>${at(remark.at)}</time>
  ${delivery && html` <span class=${`delivery ${delivery}`}>${named("remark.delivery", delivery)}</span>`}</small>`;

// `onEdit(order)`: for who may change them.
export function Remarks({ one, onEdit }) {
  const [all, setAll] = useState(false);
  const deliveries = useDeliveries(one);
  const list = newest(one);
  if (!list.length) return null;
  const line = (remark) => html`<${Flag} of=${remark.flag} /> <b>${remark.order}</b> <span class="words" dir="auto">${remark.reason}</span>
    <${Standing} remark=${remark} delivery=${deliveries?.get(name(remark))} />`;
  return html`<ul class="remarks" aria-label=${t("remark.all")} tabindex=${onEdit ? undefined : 0}>
    ${list.slice(0, all ? MOST : FEW).map((remark) => html`<li key=${remark.order} data-order=${remark.order}>${onEdit
      ? html`<button type="button" class="plain remark" title=${remark.reason} onClick=${() => onEdit(remark.order)}>${line(remark)}</button>`
      : html`<div class="remark">${line(remark)}</div>`}</li>`)}
    ${list.length > FEW && html`<li><button type="button" class="plain" aria-expanded=${all} onClick=${() => setAll(!all)}>
      ${t(all ? "remark.fewer" : "remark.more", { n: list.length - FEW })}</button></li>`}
  </ul>`;
}

// One that the platform did not take is told at once to who set it, and to who has the session.
const OWN_MOST = 100;
const own = new Set(); // those that were set here of late: what became of them may come at once
listen((fact) => {
  const order = orderIn(fact), mine = me.value?.agent?.id || me.value?.user;
  if (order === undefined || !mine) return;
  if (fact.type === "order_remarked") {
    if (fact.agent !== mine) return;
    own.add(`remark-${order}-${fact.offset}`);
    if (own.size > OWN_MOST) own.delete(own.values().next().value);
  } else if (["failed", "expired"].includes(fact.outcome)) {
    const one = [...sessions.value.values()].find((other) => other.shop === fact.shop && other.buyer === fact.buyer);
    const set = one?.remarks.find((remark) => remark.order === order);
    if (own.has(fact.message) || [one?.agent, set?.agent].includes(mine)) toast(t("remark.lost", { order }), "bad");
  }
});
