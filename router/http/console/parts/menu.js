// A button that opens a few further ones. Escape, a click elsewhere or a choice closes it.
import { html, useEffect, useRef } from "../html.js";

export function Menu({ label, name, children, class: more = "" }) {
  const ref = useRef(null);
  const close = () => { ref.current.open = false; };
  useEffect(() => {
    const elsewhere = (event) => { if (!ref.current.contains(event.target)) close(); };
    addEventListener("pointerdown", elsewhere);
    return () => removeEventListener("pointerdown", elsewhere);
  }, []);
  function pressed(event) {
    if (event.key !== "Escape" || !ref.current.open) return;
    event.stopPropagation();
    close();
    ref.current.querySelector("summary").focus();
  }
  return html`<details class=${`menu ${more}`} ref=${ref} onKeyDown=${pressed}>
    <summary aria-label=${name}>${label}</summary>
    <div class="choices" onClick=${close}>${children}</div>
  </details>`;
}
