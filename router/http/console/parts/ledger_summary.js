// The ledger's sums over a period: what was charged and what was given back, by agent and by day.
import { yuan } from "../clock.js";
import { html } from "../html.js";
import { agentName, supervises } from "../state.js";
import { t } from "../words/index.js";

function sums(rows, name) {
  const found = new Map();
  for (const row of rows) {
    const sum = found.get(row[name]) || { id: row[name], charges: 0, charged: 0, lifted: 0, total: 0 };
    sum.charges += row.charges;
    sum.charged += row.charged_fen;
    sum.lifted += row.lifted_fen;
    sum.total += row.total_fen;
    found.set(row[name], sum);
  }
  return [...found.values()];
}

function Bars({ title, list, name, chosen, choose }) {
  const most = Math.max(1, ...list.map((sum) => sum.total));
  return html`<h3>${title}</h3><ul class="bars">${list.map((sum) => html`<li key=${sum.id}>
    <button type="button" class="plain" aria-pressed=${chosen === sum.id} onClick=${() => choose(sum.id)}>
      <span class="name">${name(sum.id)}</span>
      <progress max=${most} value=${Math.max(0, sum.total)} aria-hidden="true"></progress>
      <small>${t("ledger.count", { n: sum.charges })}</small><b class="money">${yuan(sum.total)}</b></button></li>`)}</ul>`;
}

// `rows`: of all agents; `agent`: the one who is looked at, if any.
export function Summary({ rows, agent, chooseAgent, period, choosePeriod }) {
  const seen = agent ? rows.filter((row) => row.agent === agent) : rows;
  const [all = { charges: 0, charged: 0, lifted: 0, total: 0 }] = sums(seen.map((row) => ({ ...row, all: "" })), "all");
  const people = sums(rows, "agent").sort((a, b) => b.total - a.total);
  const times = sums(seen, "period").sort((a, b) => b.id.localeCompare(a.id));
  return html`<section class="summary" aria-labelledby="summary-title">
    <h2 id="summary-title">${t("ledger.sum")}${agent && supervises.value ? html` · ${agentName(agent)}` : ""}</h2>
    <p class="sum"><b class="money">${yuan(all.total)}</b></p>
    <dl class="numbers"><div><dt>${t("ledger.charged", { n: all.charges })}</dt><dd>${yuan(all.charged)}</dd></div>
      <div><dt>${t("ledger.lifted")}</dt><dd>${yuan(all.lifted)}</dd></div></dl>
    ${supervises.value && people.length > 0 && html`<${Bars} title=${t("ledger.by_agent")} list=${people} name=${agentName}
      chosen=${agent} choose=${(id) => chooseAgent(id === agent ? "" : id)} />`}
    ${period.by !== "day" && times.length > 0 && html`<${Bars} title=${t(`ledger.by_${period.by === "all" ? "month" : "day"}`)} list=${times} name=${(id) => id}
      chosen="" choose=${choosePeriod} />`}
  </section>`;
}
