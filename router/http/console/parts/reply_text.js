// A quick reply's text with its placeholders, as the server fills them in (router/replies/placeholders.py).
import { html } from "../html.js";
import { board, me } from "../state.js";
import { t } from "../words/index.js";

const CHINESE = { buyer: "买家", order: "订单", agent: "客服", shop: "店铺" };
export const PLACEHOLDERS = Object.keys(CHINESE);
export const written = (name) => `{${CHINESE[name]}}`; // as it is put into a text
const NAMES = new Map(Object.entries(CHINESE).flatMap(([name, chinese]) => [[name, name], [chinese, name]]));
const KNOWN = [...NAMES.keys()].join("|");
const TOKEN = new RegExp(String.raw`(?<escaped>\{\{|\}\})|\{\s*(?<narrow>[^{}\n]*?)\s*\}|｛\s*(?<wide>${KNOWN})\s*｝|(?<lone>[{}])`, "g");

// The text in pieces: `slot` names a placeholder, `bad` stands in braces and is none.
export function pieces(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    end = match.index + match[0].length;
    const { escaped, narrow, wide } = match.groups;
    const slot = NAMES.get(narrow ?? wide);
    if (escaped) found.push({ text: escaped[0] });
    else found.push({ text: match[0], ...(slot ? { slot } : { bad: true }) });
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

// What the placeholders could stand for, to show how it will read.
const samples = (shops) => ({
  buyer: t("replies.sample.buyer"), order: "2026112100317", agent: me.value.name || me.value.user,
  shop: shops.find((one) => one.name)?.name || t("replies.sample.shop"),
});

// As it is written, with its placeholders marked.
export const Written = ({ text }) => pieces(text).map((piece, index) => (piece.slot
  ? html`<span key=${index} class="slot">${piece.text}</span>` : piece.text));

// As a buyer will read it.
export function Preview({ text, pictures, shops = [] }) {
  const known = board.value?.shops || [];
  const values = samples(shops.length ? known.filter((one) => shops.includes(one.id)) : known);
  return html`<div class="message shop preview"><div class="bubble">
    <p dir="auto">${pieces(text).map((piece, index) => {
      if (piece.slot) return html`<mark key=${index}>${values[piece.slot]}</mark>`;
      return piece.bad ? html`<mark key=${index} class="bad">${piece.text}</mark>` : piece.text;
    })}</p>
    <${Pictures} urls=${pictures} />
  </div></div>`;
}

// The page shows pictures by https alone; what else is given stays an address.
export const isShown = (url) => /^https:\/\//.test(url);

export function Pictures({ urls }) {
  if (!urls.length) return null;
  return html`<ul class="reply-pictures">${urls.map((url, index) => html`<li key=${index}>
    ${isShown(url) ? html`<img src=${url} alt=${t("kind.image")} title=${url} loading="lazy" referrerpolicy="no-referrer" />` : html`<small>${url}</small>`}</li>`)}</ul>`;
}
