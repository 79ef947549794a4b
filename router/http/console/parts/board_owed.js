// What stays on the board until it is done: promises to buyers, and handovers that nobody has taken
// over whole (RULES §5).
import { html } from "../html.js";
import { board } from "../state.js";
import { t } from "../words/index.js";
import { isWanted } from "./board_item.js";
import { Countdown } from "./countdown.js";
import { Between } from "./handover_line.js";
import { Item } from "./refunds.js";
import { useUnfold } from "./unfold.js";

const SHOWN = 5;

export function Promises() {
  const list = board.value.promises, { shown, button } = useUnfold(list, SHOWN, isWanted);
  if (!list.length) return null;
  return html`<section class="promised-here" aria-labelledby="promises-title"><h2 id="promises-title">${t("handover.promises", { n: list.length })}</h2>
    <ul class="work-items">${shown.map((item) => html`<${Item} key=${item.id} item=${item} apart />`)}</ul>${button}</section>`;
}

export function Handovers() {
  const list = board.value.handovers, { shown, button } = useUnfold(list, SHOWN);
  if (!list.length) return null;
  return html`<section class="untaken" aria-labelledby="untaken-title"><h2 id="untaken-title">${t("board.handovers", { n: list.length })}</h2>
    <ul>${shown.map((one) => html`<li key=${one.id}><a href=${`#/handover/${encodeURIComponent(one.id)}`}>
      <b><${Between} one=${one} /></b> ${one.due_at && html`<${Countdown} due=${one.due_at} />`}
      <small>${t("handover.left", { n: one.left })}${one.questions > 0 ? ` · ${t("handover.asked", { n: one.questions })}` : ""}</small></a></li>`)}</ul>${button}</section>`;
}
