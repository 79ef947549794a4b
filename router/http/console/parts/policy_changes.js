// What would change: said by the server, which tries the edits out as `zhiban check` would.
import { html, useEffect, useRef, useState } from "../html.js";
import { post } from "../api.js";
import { desk, failed, shopName } from "../state.js";
import { t } from "../words/index.js";
import { edits, rules } from "./policy_edits.js";
import { say } from "./policy_words.js";

const TYPING_MS = 300;
const NOTHING = { changes: [], errors: [], warnings: [], valid: true, version: "" };

// The answer to the edits as they are: {found, fresh}. `fresh`: it is not about older ones.
export function usePreview() {
  const [tried, setTried] = useState({ of: null, version: "", found: NOTHING });
  const asked = useRef(0);
  const now = edits.value, version = rules.value?.version;
  useEffect(() => {
    const number = ++asked.current;
    if (!now.size || !version) {
      setTried({ of: now, version, found: NOTHING });
      return undefined;
    }
    const timer = setTimeout(async () => {
      try {
        const found = await post(`/v1/policy/preview?desk=${encodeURIComponent(desk.value)}`, { changes: [...now.values()] });
        if (number === asked.current) setTried({ of: now, version, found });
      } catch (error) {
        failed(error);
      }
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [now, version]);
  return { found: tried.found, fresh: tried.of === now && tried.version === version };
}

export const bodyOf = (found) => ({ version: found.version, changes: [...edits.value.values()] });

function where(change) {
  if (change.shop) return shopName(change.shop);
  if (!change.shops.length) return t("policy.nowhere");
  if (!change.others.length) return t("policy.everywhere");
  return t("policy.but", { shops: change.others.map(shopName).join("、") });
}

export function Changes({ changes }) {
  return html`<ul class="policy-changes">${changes.map((change) => html`<li key=${`${change.shop}${change.key}`}>
    <h3>${say(change.rule)}</h3><small dir="auto">${where(change)}</small>
    <p class="pair"><del dir="auto">${say(change.before)}</del> <span aria-hidden="true">→</span><span class="hidden">${t("policy.becomes")}</span> <ins dir="auto">${say(change.after)}</ins></p>
    <p class="means">${say(change.means)}</p></li>`)}</ul>`;
}

const nameOf = (fault) => {
  const field = rules.value.groups.flatMap((group) => group.fields).find((one) => one.key === fault.key);
  return [fault.shop && shopName(fault.shop), field ? say(field) : fault.place].filter(Boolean).join(" · ");
};
export function Faults({ faults, kind }) {
  const seen = [...new Map(faults.map((fault) => [`${fault.key}${fault.zh}`, fault])).values()];
  if (!seen.length) return null;
  return html`<ul class=${`policy-faults ${kind}`} aria-label=${t(`policy.${kind}`)}>${seen.map((fault) => html`<li key=${`${fault.place}${fault.zh}`}>
    <b>${nameOf(fault)}</b> ${say(fault)}</li>`)}</ul>`;
}
