// What is sent beside words: product cards, several at once where several are recommended, and a
// picture by its address. A card's words are the platform's: none are written here. `send(bodies)` goes through the same check as what is written.
import { html, useMemo, useState } from "../html.js";
import { shopName } from "../state.js";
import { t } from "../words/index.js";
import { Dialog } from "./dialog.js";
import { productsOf, readProduct } from "./products.js";
import { isShown } from "./reply_text.js";

const OFFERED = 12;

export function ProductDialog({ one, send, onClose }) {
  const known = useMemo(() => productsOf(one.shop).slice(0, OFFERED), []);
  const [chosen, setChosen] = useState([]); // numbers of the known, in the order they were chosen
  const [written, setWritten] = useState("");
  const own = readProduct(written);
  const without = written.trim() && !own.product;
  const cards = [
    ...chosen.map((product) => known.find((card) => card.product === product)),
    ...(own.product ? [own] : []),
  ].map(({ product, text, url }) => ({ kind: "product_card", product, ...(text && { text }), ...(url && { url }) }));
  const ready = cards.length > 0 && !without;
  const toggle = (product) => setChosen(chosen.includes(product) ? chosen.filter((other) => other !== product) : [...chosen, product]);
  function go(event) {
    event.preventDefault();
    if (!ready) return;
    onClose();
    send(cards);
  }
  return html`<${Dialog} title=${t("product.title")} onClose=${onClose}><form class="sending" onSubmit=${go}>
    <label>${t("product.number")}<input name="product" maxlength="4000" autocomplete="off" autofocus dir="auto" placeholder=${t("product.hint")}
      value=${written} onInput=${(event) => setWritten(event.target.value)} /></label>
    ${without && html`<p class="problem" role="alert">${t("product.without")}</p>`}
    <fieldset class="products"><legend>${t("product.recent", { shop: shopName(one.shop) })}</legend>
      ${known.length === 0 && html`<p class="none">${t("product.none")}</p>`}
      ${known.map((card) => html`<label key=${card.product} class="choice"><input type="checkbox" name="known" value=${card.product} checked=${chosen.includes(card.product)}
        onChange=${() => toggle(card.product)} /><span><bdi>${card.text || card.product}</bdi>${card.text && html` <small>${card.product}</small>`}</span></label>`)}
    </fieldset>
    <div class="acts"><small>${t("product.rule")}</small>
      <button class="first" disabled=${!ready}>${cards.length > 1 ? t("product.send_all", { n: cards.length }) : t("act.send")}</button></div>
  </form><//>`;
}

export function PictureDialog({ send, onClose }) {
  const [url, setUrl] = useState("");
  const address = url.trim();
  const isLink = /^https?:\/\/\S+$/.test(address);
  function go(event) {
    event.preventDefault();
    if (!isLink) return;
    onClose();
    send([{ kind: "image", url: address }]);
  }
  return html`<${Dialog} title=${t("picture.title")} onClose=${onClose}><form class="sending" onSubmit=${go}>
    <label>${t("picture.url")}<input name="url" type="url" maxlength="4000" required autocomplete="off" autofocus placeholder="https:…"
      value=${url} onInput=${(event) => setUrl(event.target.value)} /></label>
    ${isLink && isShown(address) ? html`<div class="shown"><img src=${address} alt=${t("picture.preview")} referrerpolicy="no-referrer" /></div>`
    : isLink && html`<p class="none">${t("picture.unseen")}</p>`}
    <div class="acts"><button class="first" disabled=${!isLink}>${t("act.send")}</button></div>
  </form><//>`;
}
