// The ledger: what was charged and given back, each entry with its proof; appeals and their
// answers. The address names the entry whose proof is shown, so that it can be sent to somebody.
import { get, part } from "../api.js";
import { at, yuan } from "../clock.js";
import { batch, computed, effect, html, signal, useEffect, useRef, useState } from "../html.js";
import { Appeals } from "../parts/ledger_appeals.js";
import { saveCsv, stamp } from "../parts/ledger_csv.js";
import { Choice, Period, bounds, period } from "../parts/ledger_period.js";
import { LedgerProof } from "../parts/ledger_proof.js";
import { Summary } from "../parts/ledger_summary.js";
import { Placeholder, readRows, useReading } from "../parts/reading.js";
import { agentName, agents, board, desk, failed, me, shopName, supervises } from "../state.js";
import { named, t } from "../words/index.js";

const PAGE = 100;
const RULES = ["reply", "follow_up", "order_check", "refund", "away", "handover",
  "honorific", "short_reply", "alternatives", "abuse"];
// What is looked at stays while another page is shown.
const chosen = signal(null), agent = signal(""), rule = signal("");
const user = computed(() => me.value?.user);
effect(() => {
  if (!user.value) batch(() => { chosen.value = null; agent.value = ""; rule.value = ""; });
});

export const appealsWaiting = computed(() => board.value?.counts.appeals_open || 0);

const BOOKED = /^(entry_booked|charge_appealed|appeal_answered)$/;
const booked = (fact) => BOOKED.test(fact.type);

const go = (...path) => { location.hash = `#/${["ledger", ...path].map(part).join("/")}`; };

function standing(entry) {
  if (entry.kind !== "charge") return { kind: "lifting", words: t(`entry.${entry.kind}`) };
  if (entry.lifted) return { kind: "gone", words: t(`lifted.${entry.lifted}`) };
  return entry.appeal ? { kind: entry.appeal, words: t(`ledger.appeal.${entry.appeal}`) } : { kind: "", words: "" };
}

function Entry({ entry, shown }) {
  const { kind, words } = standing(entry);
  const name = entry.buyer_name || entry.buyer;
  return html`<tr class=${`${kind && `is-${kind}`} ${shown ? "open" : ""}`} onClick=${() => go(entry.id)}>
    <td class="when">${at(entry.at)}</td>
    <td class="rule"><button type="button" class="plain" aria-pressed=${shown} data-entry=${entry.id} onClick=${(event) => { event.stopPropagation(); go(entry.id); }}>${named("rule", entry.rule)}</button></td>
    ${supervises.value && html`<td class="agent">${entry.agent ? agentName(entry.agent) : "—"}</td>`}
    <td class="buyer"><bdi title=${entry.buyer}>${name || "—"}</bdi> <small>${shopName(entry.shop)}</small></td>
    <td class="fen">${yuan(entry.fine_fen)}</td>
    <td class="standing">${words && html`<span class=${`chip ${kind}`}>${words}</span>`}</td>
  </tr>`;
}

const COLUMNS = ["at", "kind", "rule", "agent", "sub_account", "shop", "buyer", "due", "yuan", "standing", "by", "why", "id", "breach", "proof"];
const line = (entry) => [stamp(entry.at), t(`entry.${entry.kind}`), named("rule", entry.rule), agentName(entry.agent), entry.sub_account,
  shopName(entry.shop), entry.buyer_name || entry.buyer, stamp(entry.due_at), entry.fine_fen / 100,
  entry.kind === "charge" ? standing(entry).words : "", entry.by, entry.kind === "charge" ? "" : entry.why, entry.id, entry.breach,
  entry.proof.map((offset) => `#${offset}`).join(" ")];

function Entries({ shown, onRead }) {
  const [count, setCount] = useState(PAGE), [busy, setBusy] = useState(false);
  const filters = { desk: desk.value, agent: agent.value, rule: rule.value, ...bounds(chosen.value) };
  const asked = JSON.stringify(filters);
  useEffect(() => { setCount(PAGE); }, [asked]);
  const { value: list } = useReading(async () => {
    const found = await readRows("/v1/ledger", "entries", filters, count);
    onRead(found.rows.map((entry) => entry.id));
    return found;
  }, [asked, count], booked);
  async function save() {
    setBusy(true);
    try {
      const { rows } = await readRows("/v1/ledger", "entries", filters, Infinity);
      saveCsv(`${t("page.ledger")} ${[chosen.value.on, agent.value && agentName(agent.value), rule.value && named("rule", rule.value)].filter(Boolean).join(" ")}`.trim(),
        [COLUMNS.map((name) => t(`ledger.col.${name}`)), ...rows.map(line)]);
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  }
  return html`<section class="entries" aria-labelledby="entries-title">
    <h2 id="entries-title" class="hidden">${t("ledger.entries")}</h2>
    <div class="tools"><${Period} value=${chosen.value} onChange=${(value) => { chosen.value = value; }} />
      ${supervises.value && html`<${Choice} label=${t("col.agent")} all=${t("ledger.everybody")} value=${agent.value} onChange=${(id) => { agent.value = id; }}
        options=${[...agents.value.values()].map((one) => [one.id, one.name || one.id])} />`}
      <${Choice} label=${t("flags.rule")} all=${t("ledger.every_rule")} value=${rule.value} onChange=${(id) => { rule.value = id; }}
        options=${RULES.map((id) => [id, named("rule", id)])} />
      <button type="button" class="csv" disabled=${busy || !list?.rows.length} onClick=${save}>${t("ledger.csv")}</button></div>
    <${Placeholder} list=${list} none=${t("ledger.none")} />
    ${list?.rows.length > 0 && html`<div class="scroll-y" tabindex="0" role="region" aria-labelledby="entries-title"><table>
      <thead><tr><th scope="col">${t("ledger.col.at")}</th><th scope="col">${t("flags.rule")}</th>${supervises.value && html`<th scope="col">${t("ledger.col.agent")}</th>`}
        <th scope="col">${t("col.buyer")}</th><th scope="col" class="fen">${t("ledger.col.yuan")}</th><th scope="col">${t("col.state")}</th></tr></thead>
      <tbody>${list.rows.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} shown=${entry.id === shown} />`)}</tbody></table>
      ${list.more && html`<button type="button" class="more" onClick=${() => setCount(count + PAGE)}>${t("list.more")}</button>`}</div>`}
  </section>`;
}

function Sums() {
  const by = chosen.value.by === "all" ? "month" : "day";
  const filters = { desk: desk.value, by, rule: rule.value, ...bounds(chosen.value) };
  const { value: found } = useReading(() => get("/v1/ledger/summary", filters), [JSON.stringify(filters)], booked);
  if (!found) return html`<section class="summary"><p class="loading" role="status">${t("app.loading")}</p></section>`;
  return html`<${Summary} rows=${found.rows} agent=${agent.value} chooseAgent=${(id) => { agent.value = id; }}
    period=${chosen.value} choosePeriod=${(on) => { chosen.value = period(by, on); }} />`;
}

// Alt+↑ and ↓ go through the list's proofs, Escape closes one and goes to its line.
function useKeys(ids, shown, open) {
  useEffect(() => {
    function pressed(event) {
      if (event.isComposing || document.querySelector("dialog[open]")) return;
      if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        event.preventDefault();
        const here = ids.current.indexOf(shown), next = here + (event.key === "ArrowDown" ? 1 : -1);
        if (ids.current[next]) open(ids.current[next]);
      } else if (event.key === "Escape" && shown) {
        open("");
        requestAnimationFrame(() => document.querySelector(`[data-entry="${CSS.escape(shown)}"]`)?.focus());
      }
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [shown, open]);
}

const decoded = (text = "") => { try { return decodeURIComponent(text); } catch { return text; } };

export function Ledger({ path }) {
  chosen.value ||= period(supervises.value ? "day" : "month");
  const appeals = path[0] === "appeals";
  const shown = decoded(appeals ? path[1] : path[0]);
  const ids = useRef([]);
  const open = appeals ? openAppeal : openEntry;
  useKeys(ids, shown, open);
  const read = (found) => { ids.current = found; };
  return html`<div class=${`ledger ${appeals ? "answering" : ""} ${shown ? "reading" : ""}`}>
    <nav class="tabs" aria-label=${t("page.ledger")}>
      <a href="#/ledger" aria-current=${appeals ? undefined : "true"}>${t("ledger.entries")}</a>
      <a href="#/ledger/appeals" aria-current=${appeals ? "true" : undefined}>${t("ledger.appeals")}${appealsWaiting.value > 0 ? html` <span class="count">${appealsWaiting.value}</span>` : ""}</a>
    </nav>
    <div class="list">${appeals ? html`<${Appeals} shown=${shown} open=${open} onRead=${read} />` : html`<${Entries} shown=${shown} onRead=${read} />`}</div>
    ${shown ? html`<${LedgerProof} key=${shown} id=${shown} onClose=${() => open("")} />`
    : appeals ? html`<section class="proof-panel empty"><p>${t("appeal.choose")}</p></section>` : html`<${Sums} />`}
  </div>`;
}
const openEntry = (id) => (id ? go(id) : go());
const openAppeal = (id) => (id ? go("appeals", id) : go("appeals"));
