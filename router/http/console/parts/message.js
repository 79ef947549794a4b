// A message: who said it, when, and what became of it. All of it is hostile text, shown as text.
import { at } from "../clock.js";
import { html } from "../html.js";
import { agentName, listen, me, seatName, sessions, buyerName, toast } from "../state.js";
import { named, t } from "../words/index.js";
import { isLost, Lost, reasonOf } from "./delivery.js";
import { Flag } from "./order_remark.js";

const PICTURE = /^https:\/\//;

function Words({ message, remark }) {
  const link = PICTURE.test(message.url);
  switch (message.kind) {
    case "image":
      return html`${link ? html`<a href=${message.url} target="_blank" rel="noopener noreferrer"><img src=${message.url} alt=${message.text || t("kind.image")} loading="lazy" referrerpolicy="no-referrer" /></a>`
        : t("kind.image")}${message.text && html`<p dir="auto">${message.text}</p>`}`;
    case "product_card":
    case "order_card":
      return html`<div class="card"><small>${t(`kind.${message.kind}`)}</small>
        <b>${message.order || message.product}</b>${message.text && html`<p dir="auto">${message.text}</p>`}
        ${link && html`<a href=${message.url} target="_blank" rel="noopener noreferrer">${t("act.open")}</a>`}
        ${remark && html`<p class="noted"><${Flag} of=${remark.flag} /> <span dir="auto">${remark.reason}</span></p>`}</div>`;
    case "video":
    case "file":
      return html`${link ? html`<a href=${message.url} target="_blank" rel="noopener noreferrer">${t(`kind.${message.kind}`)}</a>` : t(`kind.${message.kind}`)}
        ${message.text && html`<p dir="auto">${message.text}</p>`}`;
    default:
      return html`<p dir="auto">${message.text}</p>`;
  }
}

// What did not reach the buyer is told to who has the session, whatever they look at.
listen((fact) => {
  if (fact.type !== "delivery_reported" || !["failed", "expired"].includes(fact.outcome) || !fact.message.startsWith("m-")) return;
  const one = sessions.value.get(fact.session);
  if (one?.agent && one.agent === me.value?.agent?.id) {
    const why = reasonOf(fact.outcome, fact.detail);
    toast([t("delivery.lost", { buyer: buyerName(one) }), why].filter(Boolean).join(t("delivery.and")), "bad");
  }
});

// `remark`: of the order that it shows; `list`: the messages around it; `onAgain(content)` sends
// what was lost once more, where somebody may.
export function Message({ message, remark, list, onAgain }) {
  const by = message.side === "buyer" ? "" : message.by === "human"
    ? (message.agent ? agentName(message.agent) : seatName(message.sub_account)) : t(`by.${message.by}`);
  const state = message.recalled ? "recalled" : message.delivery;
  return html`<li data-message=${message.id} class=${`message ${message.side} by-${message.by} ${state || ""}`}>
    <div class="bubble"><${Words} message=${message} remark=${remark} /></div>
    <p class="meta"><time datetime=${message.sent_at}>${at(message.sent_at, "time")}</time> ${by}
      ${state && html` <span class=${`delivery ${state}`}>${named("delivery", state)}</span>`}</p>
    ${isLost(message) && html`<${Lost} message=${message} list=${list} onAgain=${onAgain} />`}
  </li>`;
}
