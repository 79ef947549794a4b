// Service hours: spans of the day on some days of the week.
import { html } from "../html.js";
import { t } from "../words/index.js";
import { ALL_DAYS, readSpan, writeSpan } from "./policy_words.js";

const NEW = "09:00-23:00";
const MOST = 20;

export function Hours({ value, disabled, attributes, onChange }) {
  const spans = value.map(readSpan);
  const put = (index, change) => onChange(value.map((text, at) => (at === index ? writeSpan({ ...spans[index], ...change }) : text)));
  return html`<div class="hours" role="group" ...${attributes}>
    ${spans.length === 0 && html`<p>${t("policy.always")}</p>`}
    ${spans.map((span, index) => html`<fieldset key=${index} disabled=${disabled}>
      <legend class="hidden">${t("policy.span", { n: index + 1 })}</legend>
      <span class="days">${ALL_DAYS.map((day) => html`<label key=${day}><input type="checkbox" checked=${span.days.includes(day)}
        onChange=${(event) => put(index, { days: ALL_DAYS.filter((one) => (one === day ? event.target.checked : span.days.includes(one))) })} />
        <span>${t(`policy.day.${day}`)}</span></label>`)}</span>
      <span class="times"><input class="clock" maxlength="5" placeholder="09:00" aria-label=${t("policy.from")} value=${span.from} onChange=${(event) => put(index, { from: event.target.value })} />
        –
        <input class="clock" maxlength="5" placeholder="23:00" aria-label=${t("policy.to")} value=${span.to}
          onChange=${(event) => put(index, { to: event.target.value })} />
        <button type="button" class="plain" aria-label=${t("policy.span.remove", { n: index + 1 })}
          onClick=${() => onChange(value.filter((_, at) => at !== index))}>×</button></span>
    </fieldset>`)}
    ${!disabled && spans.length < MOST && html`<button type="button" onClick=${() => onChange([...value, NEW])}>${t("policy.span.add")}</button>`}
  </div>`;
}
