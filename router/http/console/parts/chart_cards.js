// The day at a glance, and how it stands beside the day before at the same hour: only hours that
// are over are compared, so that both days have had the same time.
import { html } from "../html.js";
import { today } from "./roster_days.js";
import { count, percent, share, took } from "./chart_words.js";
import { t } from "../words/index.js";

const sum = (hours, value) => hours.reduce((all, one) => all + value(one), 0);
const joined = (hours, name) => ({ met: sum(hours, (one) => one[name].met), of: sum(hours, (one) => one[name].of) });
const mean = (hours, name) => {
  const times = sum(hours, (one) => one[name].count);
  return times ? sum(hours, (one) => one[name].count * (one[name].mean_ms || 0)) / times : null;
};
const breaches = (one) => Object.values(one.breaches).reduce((a, b) => a + b, 0);
const MEASURED = [8, 23], FIRST_MEASURED = [9, 23]; // as in the server's own totals
const within = (hours, [from, to]) => hours.filter((_, hour) => hour >= from && hour < to);

// `of(hours)`: its value; `whole(read)`: of the whole day so far; `worse`: whether more is worse.
const CARDS = [
  { id: "messages", whole: (read) => read.total.messages, of: (hours) => sum(hours, (one) => one.messages), words: count, differs: "more" },
  { id: "sessions", whole: (read) => read.total.sessions, of: (hours) => sum(hours, (one) => one.sessions), words: count, differs: "more" },
  { id: "in_time", whole: (read) => share(read.total.in_time), of: (hours) => share(joined(hours, "in_time")), words: percent, differs: "points", rate: (read) => read.total.in_time },
  { id: "in_3min", whole: (read) => share(read.in_3min), of: (hours) => share(joined(within(hours, MEASURED), "in_3min")), words: percent, differs: "points", rate: (read) => read.in_3min },
  { id: "in_30s", whole: (read) => share(read.in_30s), of: (hours) => share(joined(within(hours, FIRST_MEASURED), "in_30s")), words: percent, differs: "points", rate: (read) => read.in_30s },
  { id: "first", whole: (read) => read.total.first_reply.mean_ms, of: (hours) => mean(hours, "first_reply"), words: took, differs: "slower", worse: true },
  { id: "breaches", whole: (read) => breaches(read.total), of: (hours) => sum(hours, breaches), words: count, differs: "many", worse: true },
];

// How far this is from that, in words; "" where it cannot be said.
function difference(card, is, was) {
  if (is == null || was == null) return null;
  const by = is - was;
  const size = { more: was ? Math.abs(by) / was * 100 : null, points: Math.abs(by), slower: Math.round(Math.abs(by) / 1000), many: Math.abs(by) }[card.differs];
  if (size === null) return null;
  const shown = card.differs === "slower" ? took(size * 1000) : card.differs === "many" ? count(size) : Math.round(size * 10) / 10;
  if (!by || !Number(card.differs === "slower" ? size : shown)) return { kind: "", words: t("charts.same") };
  const good = card.differs === "more" ? "" : (by > 0) === Boolean(card.worse) ? "worse" : "better";
  return { kind: good, words: t(`charts.${card.differs}.${by > 0 ? "up" : "down"}`, { n: shown }) };
}

export function Cards({ day, read, before, hours }) {
  const isToday = day === today.value;
  const beside = isToday ? t("charts.beside", { time: `${String(hours).padStart(2, "0")}:00` }) : t("charts.beside_day");
  const known = hours > 0 && before && !before.since_at && !read.since_at;
  const cards = CARDS.map((card) => ({ card, rate: card.rate?.(read),
    found: known ? difference(card, card.of(read.hours.slice(0, hours)), card.of(before.hours.slice(0, hours))) : null }));
  return html`<div class="glance"><ul class="cards" aria-label=${t("charts.glance")}>
    ${cards.map(({ card, found, rate }) => html`<li key=${card.id} data-card=${card.id}><span class="what">${t(`charts.card.${card.id}`)}</span>
      <p><b>${card.words(card.whole(read))}</b>${rate?.of > 0 && html` <span class="of">${count(rate.met)}/${count(rate.of)}</span>`}</p>
      <small>${found && html`<span class=${`differs ${found.kind}`}>${found.words}</span>`}</small></li>`)}</ul>
    ${cards.some(({ found }) => found) && html`<p class="beside">${beside}</p>`}</div>`;
}
