// Handing over: an agent's own, what waits for them, and the book; for supervisors who hands over
// to whom, what is late, and what it has cost.
import { get } from "../api.js";
import { at, now, serverNow, yuan } from "../clock.js";
import { computed, html } from "../html.js";
import { Draft, DraftOf } from "../parts/handover_draft.js";
import { Book, Duties, Incoming, Mine, Promises } from "../parts/handover_list.js";
import { Handed } from "../parts/handover_read.js";
import { askedOfMe, duties, forMe, mineId, ownDuty, stage, useHandovers } from "../parts/handover_state.js";
import { useReading } from "../parts/reading.js";
import { agentName, board, desk, me, supervises } from "../state.js";
import { t } from "../words/index.js";

// To take over, and to answer; for who only supervises: what was not taken in time.
export const handoversWaiting = computed(() => (mineId.value ? forMe.value.length + askedOfMe.value.length
  : (board.value?.handovers || []).filter((one) => one.due_at && Date.parse(one.due_at) < now.value).length));

const plain = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const go = (id) => { location.hash = id ? `#/handover/${encodeURIComponent(id)}` : "#/handover"; };
const Back = () => html`<a class="back" href="#/handover" aria-label=${t("act.back")}>‹</a>`;

export function Handover({ path }) {
  useHandovers();
  const [first = "", second = ""] = path.map(plain);
  const watches = supervises.value && !me.value.agent;
  // Where nothing is chosen, an agent sees what there is to do.
  const shown = first || (watches ? "" : forMe.value[0]?.id || (ownDuty.value?.handover || "draft"));
  const chosen = first === "of" ? `of ${second}` : shown;
  return html`<div class=${`handover ${supervises.value ? "watching" : ""} ${first ? "reading" : ""}`}>
    <h1 class="hidden">${t("page.handover")}</h1>
    ${supervises.value && html`<${Counts} />`}
    <div class="lists">
      ${mineId.value && html`<${Mine} chosen=${chosen} /><${Incoming} chosen=${chosen} />`}
      ${supervises.value ? html`<${Duties} chosen=${chosen} />` : html`<${Promises} />`}
      <${Book} chosen=${chosen} />
    </div>
    <section class="chosen">
      ${first === "of" ? html`<${DraftOf} key=${second} agent=${second}><${Back} /><//>`
    : shown === "draft" && mineId.value ? html`<${Draft} onFiled=${(one) => go(one.id)}><${Back} /><//>`
    : shown ? html`<${Handed} key=${shown} id=${shown}><${Back} /><//>`
    : html`<div class="glance"><${Fines} /><${Promises} /></div>`}
    </section>
  </div>`;
}

const HOUR_MS = 3_600_000;
const counts = computed(() => {
  const all = duties.value || [];
  const of = (...names) => all.filter((duty) => names.includes(stage(duty)));
  return {
    to_file: of("on").filter((duty) => Date.parse(duty.to_at) - now.value < HOUR_MS).length,
    late: of("late", "missed").length, to_take: of("filed").length,
    by_router: all.filter((duty) => duty.by_router).length,
  };
});
const ALARMING = ["late", "by_router"];

function Counts() {
  return html`<ul class="counts" aria-label=${t("board.counts")}>
    ${Object.entries(counts.value).map(([name, n]) => html`<li key=${name} class=${n && ALARMING.includes(name) ? "alarm" : ""}>
      <b>${duties.value ? n : "—"}</b> ${t(`handover.count.${name}`)}</li>`)}</ul>`;
}

const LATELY_MS = 24 * HOUR_MS;
const COST = /^(breach_|charge_|handover_|shift_ended)/;

// What handovers have cost lately.
function Fines() {
  const { value: list } = useReading(() => get("/v1/breaches", {
    desk: desk.value, rule: "handover", from: new Date(serverNow() - LATELY_MS).toISOString(), limit: 100,
  }).then((page) => page.breaches), [desk.value], (fact) => COST.test(fact.type));
  const counted = (list || []).filter((one) => !one.waived && !one.reversed);
  const sum = counted.reduce((total, one) => total + one.fine_fen, 0);
  return html`<section class="fines" aria-labelledby="handover-fines"><h2 id="handover-fines">${t("handover.fines")} ${sum > 0 && html`<small>${yuan(sum)}</small>`}</h2>
    ${list === null && html`<p class="loading" role="status">${t("app.loading")}</p>`}
    ${list?.length === 0 && html`<p class="none">${t("handover.fines.none")}</p>`}
    <ul>${(list || []).map((one) => html`<li key=${one.id} class=${one.waived || one.reversed ? "waived" : ""}>
      <time datetime=${one.due_at}>${at(one.due_at)}</time> ${one.agent && html`<b>${agentName(one.agent)}</b>`}
      <span>${t(`handover.key.${one.key}`)}</span>
      <b class="sum">${one.uncharged ? t("handover.uncharged") : yuan(one.fine_fen)}</b>
      ${one.waived && html`<span class="badge good">${t("handover.waived")}</span>`}</li>`)}</ul></section>`;
}
