// The reply box's further acts: product cards, a picture.
import { html, useEffect, useState } from "../html.js";
import { t } from "../words/index.js";
import { PictureDialog, ProductDialog } from "./send_dialogs.js";

const KEYS = { KeyG: "product", KeyI: "picture" };

export function SendActs({ one, send }) {
  const [what, setWhat] = useState("");
  useEffect(() => { // wherever the focus is
    function pressed(event) {
      const asked = event.altKey && !event.ctrlKey ? KEYS[event.code] : undefined;
      if (!asked || event.isComposing || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      setWhat(asked);
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  const Shown = { product: ProductDialog, picture: PictureDialog }[what];
  return html`<span class="send-acts"><button type="button" onClick=${() => setWhat("product")} aria-keyshortcuts="Alt+G" title="Alt+G">${t("act.product")}</button>
    <button type="button" onClick=${() => setWhat("picture")} aria-keyshortcuts="Alt+I" title="Alt+I">${t("act.picture")}</button></span>
    ${Shown && html`<${Shown} one=${one} send=${send} onClose=${() => setWhat("")} />`}`;
}
