// What is due on the desk, the soonest first; before it what was missed and is still to be done.
import { computed, html } from "../html.js";
import { apart, sessions, shopName, whoIs } from "../state.js";
import { named, t } from "../words/index.js";
import { Buyer } from "./board_item.js";
import { Countdown, Pressing } from "./countdown.js";
import { useUnfold } from "./unfold.js";

const SHOWN = { missed: 6, due: 30 };

const ofItem = (item, session = "") => ({
  key: item.id, rule: item.kind, due: item.due_at, missed: item.missed, agent: item.agent || item.taken_by, item: item.id,
  session, shop: item.shop, buyer: item.buyer, buyer_name: item.buyer_name,
});
function ofSession(one) {
  const { shop, buyer, buyer_name: name } = one;
  const about = { session: one.id, shop, buyer, buyer_name: name, agent: one.agent };
  const found = one.deadlines.map(({ rule, key, due_at: due }) => ({
    ...about, key: `${one.id} ${rule} ${key}`, rule, due,
    agent: one.work.find((item) => item.kind === rule && item.key === key)?.agent ?? one.agent,
  }));
  if (one.waiting && one.overdue) found.push({ ...about, key: `${one.id} waits`, rule: "reply", due: one.waiting_since_at, missed: true, waits: one });
  return found.concat(one.work.filter((item) => item.missed && item.state !== "settled").map((item) => ofItem(item, one.id)));
}

const all = computed(() => [...sessions.value.values()].flatMap(ofSession)
  .concat(apart.value.filter((item) => item.due_at).map((item) => ofItem(item)))
  .sort((a, b) => a.due.localeCompare(b.due)));
const missed = computed(() => all.value.filter((one) => one.missed));
const pending = computed(() => all.value.filter((one) => !one.missed));

const Row = ({ one }) => html`<li class=${one.missed ? "missed" : ""}>
  ${one.waits ? html`<${Pressing} one=${one.waits} label=${named("rule", one.rule)} />` : html`<${Countdown} due=${one.due} label=${named("rule", one.rule)} />`}
  <${Buyer} one=${one} item=${one.item} />
  <small title=${shopName(one.shop)}>${one.agent ? whoIs(one.agent) : t("board.nobody")} · ${shopName(one.shop)}</small></li>`;

function List({ list, most }) {
  const { shown, button } = useUnfold(list, most);
  return html`${shown.map((one) => html`<${Row} key=${one.key} one=${one} />`)}${button && html`<li class="further">${button}</li>`}`;
}

export function Deadlines() {
  return html`<section class="dues" aria-labelledby="due-title"><h2 id="due-title">${t("board.due")}
      ${missed.value.length > 0 && html` <span class="shift-standing late">${t("board.missed", { n: missed.value.length })}</span>`}</h2>
    ${all.value.length === 0 && html`<p class="none">${t("board.due.none")}</p>`}
    ${all.value.length > 0 && html`<ol class="due-list" tabindex="0" aria-labelledby="due-title"><${List} list=${missed.value} most=${SHOWN.missed} /><${List} list=${pending.value} most=${SHOWN.due} /></ol>`}</section>`;
}
