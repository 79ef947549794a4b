// A day in figures: how many came, how long they waited, what was missed, hour by hour, beside the
// day before; by shop and by agent. The address names the day, so that it can be sent to somebody.
import { Chart, HOURS } from "../parts/chart.js";
import { useDay } from "../parts/chart_read.js";
import { AgentTable, ShopTable } from "../parts/chart_tables.js";
import { Cards } from "../parts/chart_cards.js";
import { count, percent, share, took } from "../parts/chart_words.js";
import { clock, date, isDay, midnight, plusDays, today, weekday } from "../parts/roster_days.js";
import { serverNow } from "../clock.js";
import { html, signal } from "../html.js";
import { board, desk } from "../state.js";
import { named, t } from "../words/index.js";

const shop = signal("");
const HOUR_MS = 3_600_000;
const go = (day) => { location.hash = day === today.value ? "#/charts" : `#/charts/${day}`; };

// How many hours of the day have begun; the last of them may be under way.
const begun = (day) => (day < today.value ? 24 : Math.min(24, Math.floor((serverNow() - midnight(day)) / HOUR_MS) + 1));
// By hour; null for those that have not begun, and those of which nothing is known.
const by = (read, hours, value) => HOURS.map((hour) => (read && hour < hours && isKnown(read, hour) ? value(read.hours[hour]) : null));
const isKnown = (read, hour) => !read.since_at || Date.parse(read.hours[hour].from_at) + HOUR_MS > Date.parse(read.since_at);

function Tools({ day, since }) {
  const shops = board.value?.shops || [];
  return html`<header class="charts-tools">
    <div class="day" role="group" aria-label=${t("charts.day")}>
      <button type="button" aria-label=${t("charts.before")} onClick=${() => go(plusDays(day, -1))}>‹</button>
      <input type="date" aria-label=${t("charts.day")} value=${day} max=${today.value} required
        onChange=${(event) => event.target.validity.valid && go(event.target.value)} />
      <button type="button" aria-label=${t("charts.after")} disabled=${day >= today.value} onClick=${() => go(plusDays(day, 1))}>›</button>
      <button type="button" aria-pressed=${day === today.value} onClick=${() => go(today.value)}>${t("charts.today")}</button></div>
    <h2>${date(day)} ${weekday(day)}</h2>
    ${shops.length > 1 && html`<select aria-label=${t("charts.shop")} value=${shop.value} onChange=${(event) => { shop.value = event.target.value; }}>
      <option value="">${t("charts.shops")}</option>
      ${shops.map((one) => html`<option key=${one.id} value=${one.id}>${one.name || one.id}</option>`)}</select>`}
    ${since && html`<p class="since">${t("charts.since", { time: `${since.slice(0, 10) === day ? "" : `${date(since)} `}${clock(since)}` })}</p>`}
  </header>`;
}

function Arrivals({ read, before, hours }) {
  const lines = [
    { id: "messages", kind: "bars", label: t("charts.messages"), values: by(read, hours, (one) => one.messages), words: count },
    { id: "sessions", kind: "line", label: t("charts.sessions"), values: by(read, hours, (one) => one.sessions), words: count },
    { id: "before", kind: "dashed", label: t("charts.messages_before"), values: by(before, 24, (one) => one.messages), words: count },
  ];
  const most = Math.max(...lines[0].values), at = lines[0].values.indexOf(most);
  return html`<${Chart} id="arrivals" title=${t("charts.arrivals")} lines=${lines} hours=${hours} none=${t("charts.arrivals.none")}
    label=${most ? t("charts.arrivals.said", { n: count(most), hour: at }) : t("charts.arrivals.none")} />`;
}

// Waits differ by orders of magnitude: a second and an hour stand on one scale of times that people know.
const TIMES_S = [1, 10, 60, 300, 1_800, 7_200, 43_200, 86_400];
const WAITS = {
  y: { distr: 3, log: 10, range: (_, low, high) => [1, TIMES_S.find((time) => time >= Math.max(high || 0, 300)) || TIMES_S.at(-1)] },
  axis: { incrs: undefined, splits: (_, __, low, high) => TIMES_S.filter((time) => time <= high), filter: (_, splits) => splits, values: (_, found) => found.map((s) => took(s * 1_000)) },
};
const seconds = (ms) => (ms == null ? null : Math.max(1, ms / 1_000));
const tookSeconds = (s) => took(s == null ? null : s * 1_000);

function Waits({ read, hours }) {
  const lines = [
    ["median", "line", (one) => one.reply.median_ms], ["p90", "line", (one) => one.reply.p90_ms],
    ["max", "dots", (one) => one.reply.max_ms], ["queue", "dashed", (one) => one.queue_max_ms],
  ].map(([id, kind, value]) => ({ id, kind, label: t(`charts.wait.${id}`), values: by(read, hours, (one) => seconds(value(one))), words: tookSeconds }));
  const firsts = { id: "first", label: t("charts.wait.first"), values: by(read, hours, (one) => seconds(one.first_reply.median_ms)), words: tookSeconds };
  const { reply } = read.total;
  return html`<${Chart} id="waits" title=${t("charts.waits")} lines=${lines} rows=${[firsts, ...lines]} hours=${hours} scale=${WAITS} none=${t("charts.waits.none")}
    label=${reply.max_ms == null ? t("charts.waits.none") : t("charts.waits.said", { median: took(reply.median_ms), p90: took(reply.p90_ms), max: took(reply.max_ms) })} />`;
}

// From the quarter below the lowest up to all of them.
const floor = (low) => Math.max(0, Math.ceil((low ?? 0) / 25 - 1) * 25);
const steps = (low) => { const by = low >= 75 ? 5 : low >= 50 ? 10 : 25; return Array.from({ length: (100 - low) / by + 1 }, (_, n) => low + n * by); };
const WHOLE = { y: { range: (_, low) => [floor(low), 100 + (100 - floor(low)) / 25] }, axis: { splits: (_, __, low) => steps(low), values: (_, found) => found.map((value) => `${value}%`) } };

function Rates({ read, before, hours }) {
  const lines = [
    { id: "in_time", kind: "line", label: t("charts.in_time"), values: by(read, hours, (one) => share(one.in_time)), words: percent },
    { id: "in_3min", kind: "dots", label: t("charts.in_3min"), values: by(read, hours, (one) => share(one.in_3min)), words: percent },
    { id: "rate_before", kind: "dashed", label: t("charts.in_time_before"), values: by(before, 24, (one) => share(one.in_time)), words: percent },
  ];
  const { in_time: rate } = read.total;
  return html`<${Chart} id="rates" title=${t("charts.rates")} lines=${lines} hours=${hours} scale=${WHOLE} none=${t("charts.rates.none")}
    label=${rate.of ? t("charts.rates.said", { rate: percent(share(rate)), met: count(rate.met), of: count(rate.of) }) : t("charts.rates.none")} />`;
}

// The rules with a deadline stand apart; what people said, together. The table has each.
const APART = ["reply", "follow_up", "order_check", "refund", "away", "handover"];
const total = (found) => Object.values(found).reduce((a, b) => a + b, 0);

function Breaches({ read, hours }) {
  const rules = [...new Set(read.hours.flatMap((one) => Object.keys(one.breaches)))]
    .sort((a, b) => (APART.indexOf(a) + 1 || 99) - (APART.indexOf(b) + 1 || 99) || a.localeCompare(b));
  const rows = rules.map((rule) => ({ id: rule, kind: "bars", label: named("rule", rule), values: by(read, hours, (one) => one.breaches[rule] || 0), words: count }));
  const others = rows.filter((row) => !APART.includes(row.id));
  const lines = rows.filter((row) => APART.includes(row.id));
  if (others.length) {
    lines.push({ id: "others", kind: "bars", label: others.length === 1 ? others[0].label : t("charts.others"), words: count,
      values: HOURS.map((hour) => (hour < hours ? others.reduce((sum, row) => sum + row.values[hour], 0) : null)) });
  }
  const all = total(read.total.breaches);
  return html`<${Chart} id="breaches" title=${t("charts.breaches")} lines=${lines} rows=${rows} hours=${hours} stack=${true} none=${t("charts.breaches.none")}
    label=${all ? t("charts.breaches.said", { n: count(all), list: rules.map((rule) => `${named("rule", rule)} ${read.total.breaches[rule]}`).join(t("charts.comma")) }) : t("charts.breaches.none")} />`;
}

export function Charts({ path }) {
  const day = isDay(path[0] || "") && path[0] <= today.value ? path[0] : today.value;
  const read = useDay(day, shop.value), before = useDay(plusDays(day, -1), shop.value);
  const hours = begun(day);
  return html`<div class="charts" key=${desk.value}>
    <${Tools} day=${day} since=${read?.since_at} />
    ${!read && html`<p class="loading" role="status">${t("charts.loading")}</p>`}
    ${read && html`<${Cards} day=${day} read=${read} before=${before} hours=${day < today.value ? 24 : hours - 1} />
      <div class="panels"><${Arrivals} read=${read} before=${before} hours=${hours} /><${Waits} read=${read} hours=${hours} />
        <${Rates} read=${read} before=${before} hours=${hours} /><${Breaches} read=${read} hours=${hours} />
        <${AgentTable} list=${read.agents} /><${ShopTable} list=${read.shops} /></div>
      <p class="notes">${t("charts.notes")}</p>`}
  </div>`;
}
