// A modal dialog that keeps the focus, ends with Escape, and gives the focus back.
import { html, useEffect, useRef } from "../html.js";
import { t } from "../words/index.js";

export function Dialog({ title, onClose, children, wide = false }) {
  const ref = useRef(null);
  useEffect(() => {
    const dialog = ref.current, before = document.activeElement;
    dialog.showModal(); // it would put the focus on what closes it
    (dialog.querySelector("[autofocus]")
      || dialog.querySelector(":checked, form :is(input, select, textarea), form button"))?.focus();
    return () => { // by now it has left the page, too late to give the focus back by itself
      dialog.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  return html`<dialog ref=${ref} class=${wide ? "wide" : ""} aria-labelledby="dialog-title"
    onCancel=${(event) => { event.preventDefault(); onClose(); }}>
    <header><h2 id="dialog-title">${title}</h2>
      <button type="button" class="plain close" aria-label=${t("act.close")} onClick=${onClose}>×</button></header>
    ${children}
  </dialog>`;
}

// For what is written in a dialog: Enter sends it, Shift+Enter breaks the line.
export function enterSends(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.currentTarget.form.requestSubmit();
}
