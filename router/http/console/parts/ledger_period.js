// A day, a month, or all of the ledger, in Beijing's days; and the choices that filter a list.
import { serverNow } from "../clock.js";
import { html } from "../html.js";
import { t } from "../words/index.js";

const BEIJING_MS = 8 * 3_600_000;
const LENGTHS = { day: 10, month: 7, all: 0 };

export const today = () => new Date(serverNow() + BEIJING_MS).toISOString().slice(0, 10);
export const period = (by, on = today()) => ({ by, on: on.slice(0, LENGTHS[by]) });

// The day or month that lies `count` after it.
function after({ by, on }, count) {
  const [year, month, day = 1] = on.split("-").map(Number);
  const when = new Date(Date.UTC(year, month - 1 + (by === "month" ? count : 0), day + (by === "day" ? count : 0)));
  return period(by, when.toISOString().slice(0, 10));
}
const begin = ({ on }) => new Date(`${on.padEnd(10, "-01")}T00:00:00+08:00`).toISOString();

// As the API takes it.
export const bounds = (chosen) => (chosen.by === "all" ? {} : { from: begin(chosen), to: begin(after(chosen, 1)) });

export function Period({ value, onChange }) {
  const move = (count) => onChange(after(value, count));
  const last = value.on >= today().slice(0, value.on.length);
  return html`<div class="period" role="group" aria-label=${t("ledger.period")}>
    ${Object.keys(LENGTHS).map((by) => html`<button key=${by} type="button" aria-pressed=${value.by === by}
      onClick=${() => onChange(period(by, value.on.length < LENGTHS[by] ? today() : value.on || today()))}>${t(`ledger.by.${by}`)}</button>`)}
    ${value.by !== "all" && html`<span class="when">
      <button type="button" aria-label=${t("ledger.before")} onClick=${() => move(-1)}>‹</button>
      <input type=${value.by === "day" ? "date" : "month"} aria-label=${t(`ledger.by.${value.by}`)} value=${value.on} max=${today().slice(0, LENGTHS[value.by])} required pattern="\\d{4}-(0[1-9]|1[0-2])(-\\d{2})?"
        onChange=${(event) => event.target.validity.valid && onChange(period(value.by, event.target.value))} />
      <button type="button" aria-label=${t("ledger.after")} disabled=${last} onClick=${() => move(1)}>›</button></span>`}
  </div>`;
}

// One of `options`, pairs of a value and its words, or all of them.
export function Choice({ label, all, value, options, onChange }) {
  return html`<select aria-label=${label} value=${value} onChange=${(event) => onChange(event.target.value)}>
    <option value="">${all}</option>
    ${options.map(([id, words]) => html`<option key=${id} value=${id}>${words}</option>`)}
  </select>`;
}
