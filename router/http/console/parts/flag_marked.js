// A text with a span of it marked. Spans count code points, as the server does.
import { html } from "../html.js";

export const cut = (text, start, end) => [...text].slice(start, end).join("");

export function Marked({ text, start, end }) {
  if (end <= start) return text;
  return html`${cut(text, 0, start)}<mark>${cut(text, start, end)}</mark>${cut(text, end)}`;
}
