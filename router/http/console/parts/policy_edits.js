// What has been changed in the rules and not been adopted yet. It is kept while one looks at other
// pages; the desk's own are under the shop "".
import { computed, signal } from "../html.js";
import { desk, me } from "../state.js";

export const rules = signal(null); // as the server has them
const kept = signal({ of: "", edits: new Map() });

const NONE = new Map();
const owner = computed(() => `${me.value?.user || ""} ${desk.value}`);
// By shop and key: {shop, key, value}; null for what is to be as the desk has it, or by default.
export const edits = computed(() => (kept.value.of === owner.value ? kept.value.edits : NONE));
const keep = (next) => { kept.value = { of: owner.value, edits: next }; };

const nameOf = (shop, key) => `${shop}\n${key}`;
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const standing = (shop, key) => rules.value.scopes.find((one) => one.shop === shop)?.values[key];
export const fields = computed(() => new Map((rules.value?.groups || [])
  .flatMap((group) => group.fields.map((field) => [field.key, field]))));

// The value as it would be: {value, own, edited}. `own`: this shop (or desk) says it itself.
export function shown(shop, key) {
  const edit = edits.value.get(nameOf(shop, key));
  const stands = standing(shop, key);
  const own = edit ? edit.value !== null : stands.source === (shop ? "shop" : "desk");
  if (edit && own) return { value: edit.value, own, edited: true };
  if (own) return { value: stands.value, own, edited: false };
  return { value: above(shop, key), own, edited: Boolean(edit) };
}

// What counts where nothing is said: the desk's at a shop, the default at the desk.
export function above(shop, key) {
  const field = fields.value.get(key);
  return shop && standing("", key) ? shown("", key).value : field.default;
}

export function change(shop, key, value) {
  const next = new Map(edits.value);
  const stands = standing(shop, key);
  const own = stands.source === (shop ? "shop" : "desk");
  if (value === null ? !own : own && same(value, stands.value)) next.delete(nameOf(shop, key));
  else next.set(nameOf(shop, key), { shop, key, value });
  // A kind of work that is switched off, or on again, has no edits of its own left.
  if (key.endsWith(".on")) {
    const kind = key.slice(0, -"on".length);
    for (const [name, edit] of next) {
      if (edit.shop === shop && edit.key.startsWith(kind) && edit.key !== key) next.delete(name);
    }
  }
  keep(next);
}

export const discard = () => keep(new Map());

// The rules are others now: what is changed already, or is not there any more, is no edit.
export function rebase() {
  for (const { shop, key, value } of edits.value.values()) {
    if (standing(shop, key)) change(shop, key, value);
    else {
      const next = new Map(edits.value);
      next.delete(nameOf(shop, key));
      keep(next);
    }
  }
}

// A kind of work that is not there: `items.{kind}.on` says so.
export function isOff(shop, key) {
  const on = key.startsWith("items.") ? key.replace(/\.[^.]+$/, ".on") : "";
  return Boolean(on) && on !== key && fields.value.has(on) && !shown(shop, on).value;
}
