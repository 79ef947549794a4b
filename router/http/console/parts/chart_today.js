// On the board: today's share of replies in time; the way to the figures.
import { html } from "../html.js";
import { t } from "../words/index.js";
import { useDay } from "./chart_read.js";
import { percent, share } from "./chart_words.js";
import { today } from "./roster_days.js";

const PACE_MS = 15_000;

export function TodayRate() {
  const read = useDay(today.value, "", PACE_MS);
  return html`<li class="today-rate"><a href="#/charts"><b>${percent(share(read?.total.in_time))}</b> ${t("charts.board.rate")}</a></li>`;
}
