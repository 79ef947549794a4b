// The products that conversations of a shop have shown of late, so that they can be recommended
// with a click. They are kept in this browser, for who is signed in.
import { effect } from "../html.js";
import { me, messages, sessions } from "../state.js";

const KEPT = 40; // of a shop
const keyOf = (shop) => `zhiban.products.${me.value.user}.${shop}`;

function kept(shop) {
  try {
    const found = JSON.parse(localStorage.getItem(keyOf(shop)));
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

const cardsIn = (list) => list.filter((one) => one.kind === "product_card" && one.product && !one.recalled)
  .map(({ product, text, url, sent_at: at }) => ({ product, text, url, at }));

// Each once, as it was shown last; the latest first. A card without words keeps those of before.
function joined(cards) {
  const found = new Map();
  for (const card of cards.sort((a, b) => a.at.localeCompare(b.at))) {
    const before = found.get(card.product);
    found.delete(card.product);
    found.set(card.product, { ...card, text: card.text || before?.text || "", url: card.url || before?.url || "" });
  }
  return [...found.values()].reverse().slice(0, KEPT);
}

export const productsOf = (shop) => joined(kept(shop));

effect(() => {
  if (!me.value) return;
  const seen = new Map();
  for (const [id, list] of messages.value) {
    const shop = sessions.peek().get(id)?.shop;
    const cards = shop ? cardsIn(list) : [];
    if (cards.length) seen.set(shop, [...(seen.get(shop) || []), ...cards]);
  }
  for (const [shop, cards] of seen) {
    const text = JSON.stringify(joined([...kept(shop), ...cards]));
    if (text !== localStorage.getItem(keyOf(shop))) localStorage.setItem(keyOf(shop), text);
  }
});

const IN_LINK = /(?:[?&](?:id|goods_id|item_?id|product_?id|sku_?id)=|\/)([0-9]{5,20})(?![0-9])/i;

// What was written: a number, or a link that has it in it; "" where it has none.
export function readProduct(written) {
  const text = written.trim();
  if (!/^https?:\/\//i.test(text)) return { product: /\s/.test(text) ? "" : text, url: "" };
  return { product: IN_LINK.exec(text)?.[1] || "", url: text };
}
