// What was found in agents' messages. A supervisor goes through what waits, one key each; agents
// see what was found in theirs.
import { at } from "../clock.js";
import { computed, html, useEffect, useRef, useState } from "../html.js";
import { Allowed } from "../parts/flag_allowed.js";
import { FlagDetail } from "../parts/flag_detail.js";
import { Choice } from "../parts/ledger_period.js";
import { Placeholder, readRows, useReading } from "../parts/reading.js";
import { agentName, agents, board, desk, shopName, supervises } from "../state.js";
import { named, t } from "../words/index.js";

const PAGE = 100;
const RULES = ["abuse", "off_platform", "short_reply", "honorific", "alternatives", "close_order",
  "bank_transfer", "invoice_refused", "impersonation", "prohibited", "harassment", "slow_stall"];
const PHONE = matchMedia("(max-width: 800px)");

export const flagsWaiting = computed(() => board.value?.counts.flags_open || 0);

function Pick({ flag, shown, choose }) {
  const name = flag.buyer_name || flag.buyer;
  return html`<li><button type="button" class="pick" aria-pressed=${shown} data-flag=${flag.id} onClick=${() => choose(flag.id)}>
    <span class="head"><b>${named("rule", flag.rule)}</b> <span>${agentName(flag.agent)}</span>
      ${flag.state !== "open" ? html`<span class=${`chip ${flag.state}`}>${t(`flags.${flag.state}`)}</span>` : !supervises.value ? html`<span class="chip open">${t("flags.open")}</span>` : ""}</span>
    <span class="words" dir="auto">${flag.matched && flag.end > flag.start ? html`<mark>${flag.matched}</mark>` : flag.detail}</span>
    <small>${at(flag.sent_at)} · ${shopName(flag.shop)} · <bdi>${name}</bdi></small></button></li>`;
}

// `state`: only those; "" for all. What waits for a supervisor is gone through one after the other.
function List({ state }) {
  const [count, setCount] = useState(PAGE), [agent, setAgent] = useState(""), [rule, setRule] = useState("");
  const [shown, setShown] = useState("");
  const [gone, setGone] = useState(() => new Set()); // judged a moment ago, before the list was read again
  const box = useRef(null), keys = useRef(null), last = useRef(0), began = useRef(false);
  const filters = { desk: desk.value, state, agent, rule };
  const { value: found } = useReading(() => readRows("/v1/flags", "flags", filters, count),
    [JSON.stringify(filters), count], (fact) => fact.type.startsWith("flag_"));
  const rows = (found?.rows || []).filter((flag) => !gone.has(flag.id));
  const here = rows.findIndex((flag) => flag.id === shown);
  const judging = state === "open" && supervises.value;
  const goesOn = judging && !PHONE.matches; // there is always one to judge; a phone shows the list first
  const current = here >= 0 ? shown : goesOn ? rows[Math.min(last.current, rows.length - 1)]?.id || "" : "";
  const line = (id) => box.current?.querySelector(`[data-flag="${CSS.escape(id)}"]`);
  const focus = (id) => requestAnimationFrame(() => line(id)?.focus());
  useEffect(() => { if (here >= 0) last.current = here; });
  useEffect(() => {
    if (!found) return;
    if (current !== shown) setShown(current);
    // The keys are heard where the focus is: on the list, first and when what had it is gone.
    if (goesOn && current && (!began.current || document.activeElement === document.body)) focus(current);
    began.current = true;
  }, [current, Boolean(found)]);
  function pressed(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("dialog, input, select, textarea")) return;
    const step = { ArrowDown: 1, KeyJ: 1, ArrowUp: -1, KeyK: -1 }[event.code];
    if (step && !event.target.closest(".scroll-y")) {
      event.preventDefault();
      const next = rows[here + step];
      if (next) { setShown(next.id); focus(next.id); }
    } else if (event.code === "Escape" && shown) {
      setShown("");
      focus(shown);
    } else if (!event.repeat && keys.current?.(event.code)) event.preventDefault();
  }
  // The focus goes on before what had it is gone, so that no key is lost.
  function judged(id) {
    if (!state) return;
    const next = rows[here + 1] || rows[here - 1];
    if (goesOn && next) line(next.id)?.focus();
    setGone(new Set(gone).add(id));
  }
  return html`<div class=${`flags ${current ? "reading" : ""}`} ref=${box} onKeyDown=${pressed}>
    <section class="list" aria-labelledby="flags-title"><h2 id="flags-title" class="hidden">${t("page.flags")}</h2>
      <div class="tools">${supervises.value && html`<${Choice} label=${t("col.agent")} all=${t("ledger.everybody")} value=${agent} onChange=${setAgent}
        options=${[...agents.value.values()].map((one) => [one.id, one.name || one.id])} />`}
        <${Choice} label=${t("flags.rule")} all=${t("ledger.every_rule")} value=${rule} onChange=${setRule} options=${RULES.map((id) => [id, named("rule", id)])} /></div>
      <${Placeholder} list=${found && { rows }} none=${t(judging ? "flags.none_open" : "flags.none")} />
      <ul class="picks">${rows.map((flag) => html`<${Pick} key=${flag.id} flag=${flag} shown=${flag.id === current} choose=${setShown} />`)}</ul>
      ${found?.more && html`<button type="button" onClick=${() => setCount(count + PAGE)}>${t("list.more")}</button>`}
      ${judging && rows.length > 0 && html`<p class="keys">${t("flags.keys")}</p>`}
    </section>
    ${current ? html`<${FlagDetail} key=${current} id=${current} keys=${keys} onClose=${() => setShown("")}
        onJudged=${judged} />`
    : html`<section class="proof-panel empty"><p>${t("flags.choose")}</p></section>`}
  </div>`;
}

const TABS = ["open", "confirmed", "dismissed", "allowed"];

export function Flags({ path }) {
  if (!supervises.value) return html`<div class="flags-page"><${List} state="" /></div>`;
  const tab = TABS.includes(path[0]) ? path[0] : "open";
  return html`<div class="flags-page">
    <nav class="tabs" aria-label=${t("page.flags")}>${TABS.map((name) => html`<a key=${name} href=${`#/flags/${name}`} aria-current=${name === tab ? "true" : undefined}>
      ${t(`flags.${name}`)}${name === "open" && flagsWaiting.value > 0 ? html` <span class="count">${flagsWaiting.value}</span>` : ""}</a>`)}</nav>
    ${tab === "allowed" ? html`<${Allowed} rules=${RULES} />` : html`<${List} key=${tab} state=${tab} />`}
  </div>`;
}
