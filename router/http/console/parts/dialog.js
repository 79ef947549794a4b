// A modal dialog that keeps the focus, ends with Escape, and gives the focus back.
import { html, useEffect, useRef } from "../html.js";
import { t } from "../words/index.js";

export function Dialog({ title, onClose, children, wide = false }) {
  const ref = useRef(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return html`<dialog ref=${ref} class=${wide ? "wide" : ""} aria-labelledby="dialog-title"
    onCancel=${(event) => { event.preventDefault(); onClose(); }}>
    <header><h2 id="dialog-title">${title}</h2>
      <button type="button" class="plain close" aria-label=${t("act.close")} onClick=${onClose}>×</button></header>
    ${children}
  </dialog>`;
}
