// The day by agent and by shop; a column's head sorts by it.
import { html, useState } from "../html.js";
import { count, percent, share, took } from "./chart_words.js";
import { t } from "../words/index.js";

const name = (one) => one.name || one.agent || one.shop;
const AGENT = {
  agent: { value: name, words: (value) => value, text: true },
  sessions: { value: (one) => one.sessions, words: count },
  messages: { value: (one) => one.messages, words: count },
  replies: { value: (one) => one.replies, words: count },
  in_time: { value: (one) => share(one.in_time), words: percent },
  mean_first: { value: (one) => one.mean_first_ms, words: took },
  mean_reply: { value: (one) => one.mean_reply_ms, words: took },
  breaches: { value: (one) => one.breaches, words: count },
};
const { agent, replies, mean_first: meanFirst, ...both } = AGENT;
const SHOP = { shop: agent, ...both };

function Sorted({ list, columns, by, id, title, none }) {
  const [sort, setSort] = useState({ by, down: true });
  const { value } = columns[sort.by];
  const order = (a, b) => (columns[sort.by].text ? value(a).localeCompare(value(b), "zh-CN") : (value(a) ?? -1) - (value(b) ?? -1));
  const rows = [...list].sort((a, b) => (sort.down ? order(b, a) : order(a, b)) || name(a).localeCompare(name(b), "zh-CN"));
  const choose = (column) => setSort({ by: column, down: sort.by === column ? !sort.down : !columns[column].text });
  return html`<section class=${`figures ${id}`} aria-labelledby=${`${id}-title`}><h2 id=${`${id}-title`}>${title}</h2>
    ${rows.length ? html`<div class="scroll" tabindex="0" role="region" aria-labelledby=${`${id}-title`}><table><thead><tr>
      ${Object.keys(columns).map((column) => html`<th key=${column} scope="col" aria-sort=${sort.by === column ? (sort.down ? "descending" : "ascending") : undefined}>
        <button type="button" class="plain" onClick=${() => choose(column)}>${t(`charts.col.${column}`)}</button></th>`)}</tr></thead>
      <tbody>${rows.map((one) => html`<tr key=${one.agent || one.shop}>${Object.entries(columns).map(([column, { value, words, text }]) => (text
        ? html`<th key=${column} scope="row" dir="auto">${words(value(one))}</th>` : html`<td key=${column}>${words(value(one))}</td>`))}</tr>`)}</tbody></table></div>`
      : html`<p class="none">${none}</p>`}
  </section>`;
}

export const AgentTable = ({ list }) => html`<${Sorted} list=${list} columns=${AGENT} by="sessions" id="by-agent" title=${t("charts.by_agent")} none=${t("charts.by_agent.none")} />`;
export const ShopTable = ({ list }) => html`<${Sorted} list=${list} columns=${SHOP} by="messages" id="by-shop" title=${t("charts.by_shop")} none=${t("charts.by_shop.none")} />`;
