// What a value is changed with, by its kind.
import { html } from "../html.js";
import { t } from "../words/index.js";
import { Hours } from "./policy_hours.js";
import { say } from "./policy_words.js";

const UNITS = ["s", "m", "h", "d"];

// `attributes`: the input's id, name and what describes it.
export function Input({ field, value, disabled, attributes, onChange }) {
  const text = (event) => onChange(event.target.value);
  switch (field.kind) {
    case "duration": return html`<${Duration} ...${{ value, disabled, attributes, onChange }} />`;
    case "fen": return html`<span class="money"><span aria-hidden="true">¥</span><input type="number" inputmode="decimal" min="0" step="0.01" ...${attributes}
      disabled=${disabled} value=${typeof value === "number" ? value / 100 : value}
      onInput=${(event) => onChange(event.target.value === "" ? "" : Math.round(Number(event.target.value) * 100))} /></span>`;
    case "number": return html`<input type="number" inputmode="numeric" min="0" step="1" ...${attributes} disabled=${disabled} value=${value}
      onInput=${(event) => onChange(event.target.value === "" ? "" : Number(event.target.value))} />`;
    case "flag":
    case "switch": return html`<input type="checkbox" role="switch" ...${attributes} disabled=${disabled} checked=${value}
      onChange=${(event) => onChange(event.target.checked)} />`;
    case "choice": return html`<select ...${attributes} disabled=${disabled} value=${value} onChange=${text}>
      ${field.choices.map((choice) => html`<option key=${choice.value} value=${choice.value}>${say(choice)}</option>`)}</select>`;
    case "words": return html`<textarea rows="4" ...${attributes} disabled=${disabled} value=${value.join("\n")}
      onChange=${(event) => onChange(event.target.value.split("\n").map((line) => line.trim()).filter(Boolean))}></textarea>`;
    case "hours": return html`<${Hours} ...${{ value, disabled, attributes, onChange }} />`;
    case "time": return html`<input class="clock" maxlength="5" placeholder="18:00" ...${attributes} disabled=${disabled} value=${value} onInput=${text} />`;
    default: return html`<textarea rows="2" maxlength="1000" dir="auto" ...${attributes} disabled=${disabled} value=${value} onInput=${text}></textarea>`;
  }
}

function Duration({ value, disabled, attributes, onChange }) {
  const [, number, unit] = /^(.*?)([smhd])$/.exec(value) || [value, "", "m"];
  return html`<span class="duration"><input type="number" inputmode="numeric" min="0" step="1" ...${attributes} disabled=${disabled}
      value=${number} onInput=${(event) => onChange(`${event.target.value}${unit}`)} />
    <select aria-label=${t("policy.unit")} disabled=${disabled} value=${unit} onChange=${(event) => onChange(`${number}${event.target.value}`)}>
      ${UNITS.map((one) => html`<option key=${one} value=${one}>${t(`policy.unit.${one}`)}</option>`)}</select></span>`;
}
