// One rule's value: its input, where it comes from, what is wrong with it, and which shops differ.
import { html } from "../html.js";
import { t } from "../words/index.js";
import { above, change, rules, same, shown } from "./policy_edits.js";
import { Input } from "./policy_input.js";
import { say, sayValue } from "./policy_words.js";

const nameOf = (shop, key) => `policy-${shop}-${key}`;

// `label`: in place of the field's own, where several stand below one name.
export function Field({ field, shop, fault, disabled, label = say(field), onShop }) {
  const { value, own, edited } = shown(shop, field.key);
  const id = nameOf(shop, field.key);
  const base = above(shop, field.key);
  const from = t(shop && field.scope === "both" ? "policy.of_desk" : "policy.default", { value: sayValue(field, base) });
  const says = own && !same(value, base);
  const hint = say(field.hint);
  const about = [hint && `${id}-hint`, `${id}-about`, fault && `${id}-fault`].filter(Boolean).join(" ");
  const grouped = field.kind === "hours";
  const attributes = { id, "aria-describedby": about, ...(fault ? { "aria-invalid": "true" } : {}), ...(grouped ? { "aria-labelledby": `${id}-label` } : {}) };
  // A kind of work that the desk has is there at each shop.
  const fixed = field.kind === "switch" && shop !== "" && base;
  const long = ["text", "words", "hours"].includes(field.kind);
  return html`<div class=${`policy-field ${edited ? "edited" : ""} ${long ? "long" : ""}`} data-key=${field.key}>
    <div class="label">${grouped ? html`<span id=${`${id}-label`}>${label}</span>` : html`<label for=${id}>${label}</label>`}
      ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}</div>
    <${Input} ...${{ field, value, attributes }} disabled=${disabled || fixed} onChange=${(next) => change(shop, field.key, next)} />
    <p class=${says ? "about says" : "about"} id=${`${id}-about`}>${own || !shop || field.scope === "shop" ? from : t("policy.follows")}</p>
    ${own && !disabled && html`<button type="button" class="plain back" title=${from} onClick=${() => change(shop, field.key, null)}
      aria-label=${`${label}: ${t(shop && field.scope === "both" ? "policy.follow" : "policy.reset")}`}>${t(shop && field.scope === "both" ? "policy.follow" : "policy.reset")}</button>`}
    ${fault && html`<p class="problem" id=${`${id}-fault`}>${say(fault)}</p>`}
    ${!shop && field.scope === "both" && html`<${Others} field=${field} onShop=${onShop} />`}
  </div>`;
}

// Shops that have their own.
function Others({ field, onShop }) {
  const own = rules.value.scopes.filter((one) => one.shop && shown(one.shop, field.key).own);
  if (!own.length) return null;
  return html`<p class="others">${own.map((one) => html`<button key=${one.shop} type="button" class="plain" onClick=${() => onShop(one.shop)}>
    <bdi>${one.name}</bdi> <b>${sayValue(field, shown(one.shop, field.key).value)}</b></button>`)}</p>`;
}
