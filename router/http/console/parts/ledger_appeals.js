// Appeals: those that wait for a supervisor's answer, and what was answered.
import { at, yuan } from "../clock.js";
import { html, useState } from "../html.js";
import { agentName, desk, supervises, whoIs } from "../state.js";
import { named, t } from "../words/index.js";
import { Placeholder, readRows, useReading } from "./reading.js";

const STATES = ["open", "accepted", "refused", ""];
const PAGE = 100;

export function Appeals({ shown, open, onRead }) {
  const [state, setState] = useState(supervises.value ? "open" : "");
  const [count, setCount] = useState(PAGE);
  const { value: list } = useReading(async () => {
    const found = await readRows("/v1/appeals", "appeals", { desk: desk.value, state }, count);
    onRead(found.rows.map((one) => one.entry));
    return found;
  }, [desk.value, state, count], (fact) => fact.type === "charge_appealed" || fact.type === "appeal_answered");
  return html`<section class="appeals" aria-labelledby="appeals-title">
    <h2 id="appeals-title" class="hidden">${t("ledger.appeals")}</h2>
    <div class="filters" role="group" aria-label=${t("work.filter")}>${STATES.map((name) => html`<button key=${name} type="button"
      aria-pressed=${state === name} onClick=${() => setState(name)}>${t(name ? `appeal.${name}` : "work.all")}</button>`)}</div>
    <${Placeholder} list=${list} none=${t(state === "open" ? "appeal.none_open" : "appeal.none")} />
    <ul class="picks">${list?.rows.map((one) => html`<li key=${one.id}><button type="button" class="pick" aria-pressed=${shown === one.entry}
      data-entry=${one.entry} onClick=${() => open(one.entry)}>
      <span class="head"><b>${named("rule", one.rule)} ${yuan(one.fine_fen)}</b> <span>${agentName(one.agent)}</span>
        <span class=${`chip ${one.state}`}>${t(`appeal.${one.state}`)}</span></span>
      <span class="words" dir="auto">${one.why}</span>
      <small>${at(one.at)}${one.by ? ` · ${whoIs(one.by)}` : ""}</small></button></li>`)}</ul>
    ${list?.more && html`<button type="button" onClick=${() => setCount(count + PAGE)}>${t("list.more")}</button>`}
  </section>`;
}
