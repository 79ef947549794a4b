// What did not reach the buyer: why, in words, and sending it again.
import { html } from "../html.js";
import { t } from "../words/index.js";

export const isLost = (message) => !message.recalled && ["failed", "expired"].includes(message.delivery);

// The kinds of reasons that there are, by how who tried to deliver it puts them.
const KINDS = [
  ["no_url", /^no outbound url/], ["gone", /^HTTP 410\b/], ["denied", /^HTTP 40[13]\b/], ["refused", /^HTTP 4\d\d/],
  ["broken", /^HTTP [35]\d\d/], ["silent", /^no answer within/], ["crowded", /^too much waits/], ["words", /^its words/],
  ["unreachable", /^\w*(Error|Exception|Disconnected)\b/],
];
const inWords = (detail) => {
  const kind = KINDS.find(([, pattern]) => pattern.test(detail))?.[0];
  return kind ? t(`delivery.why.${kind}`) : detail;
};
// Why, as far as that is known: its time may have run out over failures.
export const reasonOf = (outcome, detail) => [outcome === "expired" && t("delivery.why.expired"), detail && inWords(detail)]
  .filter(Boolean).join(t("delivery.and"));

const WORDS = ["kind", "text", "url", "order", "product"];
export const contentOf = (message) => Object.fromEntries(WORDS.map((name) => [name, message[name]]).filter(([, value]) => value));
const isSame = (one, other) => WORDS.every((name) => one[name] === other[name]);

// `list`: the conversation; what was said again since need not be sent once more.
export function Lost({ message, list = [], onAgain }) {
  const again = list.slice(list.indexOf(message) + 1).some((later) => later.side === "shop" && isSame(later, message));
  const detail = message.delivery_detail, why = reasonOf(message.delivery, detail);
  return html`<p class="not-delivered">${why && html`<span title=${detail}>${t("delivery.because", { why })}</span>`}
    ${again ? html` <small>${t("delivery.again.done")}</small>`
    : onAgain && message.by === "human" && html` <button type="button" onClick=${() => onAgain(contentOf(message))}>${t("delivery.again")}</button>`}</p>`;
}
