// Which rules were adopted before: when, by whom, and what was different.
import { get } from "../api.js";
import { at } from "../clock.js";
import { html, useState } from "../html.js";
import { desk, shopName } from "../state.js";
import { t } from "../words/index.js";
import { say } from "./policy_words.js";
import { Placeholder, useReading } from "./reading.js";

const PAGE = 30;

async function readPast(count) {
  const rows = [];
  let before = 0;
  do {
    const page = await get("/v1/policy/history", { desk: desk.value, limit: Math.min(500, count - rows.length), before });
    rows.push(...page.adoptions);
    before = page.next_before;
  } while (before && rows.length < count);
  return { rows, more: Boolean(before) };
}

export function Past() {
  const [count, setCount] = useState(PAGE);
  const list = useReading(() => readPast(count), [desk.value, count], (fact) => fact.type === "desk_adopted");
  return html`<section class="policy-past" aria-labelledby="policy-past-title">
    <h2 id="policy-past-title">${t("policy.past")}</h2>
    <${Placeholder} list=${list.value} none=${t("policy.past.none")} />
    <ol>${list.value?.rows.map((one) => html`<li key=${one.id}>
      <header><time datetime=${one.at}>${at(one.at, "day")}</time> <b dir="auto">${one.by ? one.by_name : t("policy.by_hand")}</b></header>
      <ul>${one.changes.map((change) => html`<li key=${`${change.shop}${change.key}`}>${say(change.rule)}
          ${change.shop && html` <small dir="auto">${shopName(change.shop)}</small>`}
          <span class="pair"><del dir="auto">${say(change.before)}</del> <span aria-hidden="true">→</span><span class="hidden">${t("policy.becomes")}</span> <ins dir="auto">${say(change.after)}</ins></span></li>`)}
        ${one.further.map((words) => html`<li key=${words.en}>${say(words)}</li>`)}</ul></li>`)}</ol>
    ${list.value?.more && html`<button type="button" onClick=${() => setCount(count + PAGE)}>${t("policy.more")}</button>`}
  </section>`;
}
