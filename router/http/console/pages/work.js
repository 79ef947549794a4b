// An agent's page: their sessions by what is due first, the conversation, and the answer.

import { computed, effect, html, signal, useEffect } from "../html.js";
import { Conversation } from "../parts/conversation.js";
import { Pressing, urgency } from "../parts/countdown.js";
import { alarm, Alarms } from "../parts/alarm.js";
import { openKeys } from "../parts/keys.js";
import { PastButton } from "../parts/past_sessions.js";
import { Item } from "../parts/refunds.js";
import { apart, buyerName, me, open, sessions, shopName, show } from "../state.js";
import { t } from "../words/index.js";

const shop = signal(""); // "" shows all shops
const only = signal(""); // "", waiting

// What presses most: an unanswered buyer, then the earliest deadline.
export const firstDue = (one) => (one.waiting && one.overdue ? one.waiting_since_at
  : one.deadlines[0]?.due_at || "");
const byDue = (a, b) => (firstDue(a) || "9").localeCompare(firstDue(b) || "9")
  || a.opened_at.localeCompare(b.opened_at);

const mine = computed(() => [...sessions.value.values()]
  .filter((one) => one.agent === me.value?.agent?.id).sort(byDue));
const waiting = computed(() => [...sessions.value.values()]
  .filter((one) => !one.agent && one.state === "queued").sort(byDue));
const withBot = computed(() => [...sessions.value.values()]
  .filter((one) => !one.agent && one.state === "bot").sort(byDue));
const shops = computed(() => [...new Set(mine.value.map((one) => one.shop))].sort());
// The chosen shop, as long as they have a session there: without, nobody could unchoose it.
const shopShown = computed(() => (shops.value.length > 1 && shops.value.includes(shop.value) ? shop.value : ""));
// By shop, the one whose buyer presses most first; the digits and arrows go in the same order.
const groups = computed(() => {
  const found = new Map();
  for (const one of mine.value) {
    if ((shopShown.value && one.shop !== shopShown.value) || (only.value && !one.waiting)) continue;
    found.set(one.shop, [...(found.get(one.shop) || []), one]);
  }
  return [...found];
});
const shown = computed(() => groups.value.flatMap(([, list]) => list));

// Their work for buyers whose session has ended, or is a colleague's.
const others = computed(() => apart.value.filter((item) => item.agent && item.agent === me.value?.agent?.id));

effect(() => {
  alarm([...mine.value, ...others.value.filter((item) => item.due_at)
    .map((item) => ({ ...item, deadlines: [{ rule: item.kind, due_at: item.due_at }] }))]);
});

// Through which sub-account, where it goes without saying for nobody.
function seatOf(one) {
  const here = (me.value.agent?.sub_accounts || []).filter((seat) => seat.shop === one.shop);
  return one.sub_account && here.length > 1 ? html` <small>${one.sub_account}</small>` : "";
}

function Line({ one, index }) {
  const due = firstDue(one);
  const kind = due ? urgency(due) : "calm";
  return html`<li><button type="button" class=${`session ${kind} ${open.value === one.id ? "open" : ""}`}
    aria-pressed=${open.value === one.id} onClick=${() => show(one.id)} data-session=${one.id}>
    <span class="who"><b dir="auto" title=${one.buyer}>${buyerName(one)}</b>
      ${one.unanswered > 0 && html`<span class="count" aria-label=${t("work.unanswered", { n: one.unanswered })}>${one.unanswered}</span>`}</span>
    <span class="where">${shopName(one.shop)}${seatOf(one)}</span>
    <span class="when"><${Pressing} one=${one} /></span>
    ${index < 9 && html`<kbd aria-hidden="true">${index + 1}</kbd>`}
  </button></li>`;
}

function List() {
  let index = 0;
  return html`<section class="sessions" aria-labelledby="mine-title">
    <header><h2 id="mine-title">${t("work.mine", { n: mine.value.length })}</h2><${PastButton} /><${Alarms} /></header>
    <div class="filters" role="group" aria-label=${t("work.filter")}>
      <button type="button" aria-pressed=${!shopShown.value && !only.value} onClick=${() => { shop.value = ""; only.value = ""; }}>${t("work.all")}</button>
      <button type="button" aria-pressed=${only.value === "waiting"} onClick=${() => { only.value = only.value ? "" : "waiting"; }}>${t("work.waiting")}</button>
      ${shops.value.length > 1 && shops.value.map((id) => html`<button key=${id} type="button" aria-pressed=${shopShown.value === id}
        onClick=${() => { shop.value = shopShown.value === id ? "" : id; }}>${shopName(id)}</button>`)}
    </div>
    ${groups.value.length === 0 && html`<p class="none">${t("work.none")}</p>`}
    ${groups.value.map(([id, list]) => html`<div key=${id} class="group">
      ${shops.value.length > 1 && html`<h3>${shopName(id)}</h3>`}
      <ul>${list.map((one) => html`<${Line} key=${one.id} one=${one} index=${index++} />`)}</ul>
    </div>`)}
    ${others.value.length > 0 && html`<h2 id="apart-title">${t("work.apart", { n: others.value.length })}</h2>
      <ul class="work-items" aria-labelledby="apart-title">${others.value.map((item) => html`<${Item} key=${item.id} item=${item} apart />`)}</ul>`}
    ${waiting.value.length > 0 && html`<h2>${t("work.queue", { n: waiting.value.length })}</h2>
      <ul>${waiting.value.map((one) => html`<${Line} key=${one.id} one=${one} index=${9} />`)}</ul>`}
    ${withBot.value.length > 0 && html`<h2>${t("work.bots", { n: withBot.value.length })}</h2>
      <ul>${withBot.value.map((one) => html`<${Line} key=${one.id} one=${one} index=${9} />`)}</ul>`}
  </section>`;
}

// Alt+digit opens a session, Alt+↑ and ↓ go through them, Escape leaves it and goes to its line.
function useKeys() {
  useEffect(() => {
    function pressed(event) {
      if (event.isComposing || document.querySelector("dialog[open]")) return;
      const list = shown.value;
      if (event.altKey && /^Digit[1-9]$/.test(event.code)) {
        const one = list[Number(event.code.slice(5)) - 1];
        if (one) { event.preventDefault(); show(one.id); }
      } else if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        event.preventDefault();
        const at = list.findIndex((one) => one.id === open.value);
        const next = list[(at + (event.key === "ArrowDown" ? 1 : list.length - 1) + list.length) % list.length];
        if (next) show(next.id);
      } else if (event.key === "Escape" && open.value) {
        const left = open.value;
        show("");
        requestAnimationFrame(() => document.querySelector(`[data-session="${CSS.escape(left)}"]`)?.focus());
      }
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

export function Work() {
  useKeys();
  const one = sessions.value.get(open.value);
  return html`<div class=${`work ${one ? "reading" : ""}`}>
    <${List} />
    ${one ? html`<${Conversation} key=${one.id} one=${one} />`
    : html`<section class="conversation empty"><p>${open.value ? t("work.gone") : t("work.choose")}</p>
        <button type="button" onClick=${openKeys}>${t("keys.title")} <kbd aria-hidden="true">?</kbd></button></section>`}
  </div>`;
}
