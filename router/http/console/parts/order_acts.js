// Two acts of a conversation that take more than a word: an order's remark, a promise.
import { html, useEffect } from "../html.js";
import { t } from "../words/index.js";
import { CallBackDialog } from "./call_back.js";
import { RemarkDialog } from "./remark_dialog.js";

const KEYS = { KeyR: "remark", KeyP: "promise" };

export function OrderActs({ onAct }) {
  useEffect(() => {
    function pressed(event) {
      const what = event.altKey && !event.ctrlKey ? KEYS[event.code] : undefined;
      if (!what || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      onAct({ what });
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  return html`<button type="button" onClick=${() => onAct({ what: "remark" })} aria-keyshortcuts="Alt+R" title="Alt+R">${t("act.remark")}</button>
    <button type="button" onClick=${() => onAct({ what: "promise" })} aria-keyshortcuts="Alt+P" title="Alt+P">${t("act.promise")}</button>`;
}

// `act`: which of them is being done, and on which order.
export function OrderDialog({ one, act, onClose }) {
  if (act.what === "remark") return html`<${RemarkDialog} one=${one} order=${act.order} onClose=${onClose} />`;
  return html`<${CallBackDialog} one=${one} onClose=${onClose} />`;
}
