// Sub-accounts that the roster gives to two people at one time: no error, but to be seen.
import { html } from "../html.js";
import { t } from "../words/index.js";
import { date, dayOf, times, clock } from "./roster_days.js";

const SHOWN = 50;
export const nameOf = (names, id) => names.agents.find((one) => one.id === id)?.name || id;
// A shift by which anybody knows it, planned or not yet.
export const clashKey = (shift) => `${shift.agent} ${shift.from_at}`;

export function Clashes({ clashes, names, open = false }) {
  if (!clashes.length) return null;
  return html`<details class="roster-clashes" open=${open}>
    <summary>${t("shifts.clashes", { n: clashes.length })}</summary>
    <p>${t("shifts.clashes.what")}</p>
    <ul>${clashes.slice(0, SHOWN).map((one) => html`<li key=${`${clashKey(one.one)} ${clashKey(one.other)}`}>
      <b>${date(dayOf(one.from_at))} ${clock(one.from_at)}–${clock(one.to_at)}</b>
      <span dir="auto">${one.sub_accounts.join("、")}</span>
      <span>${nameOf(names, one.one.agent)} ${times(one.one)} / ${nameOf(names, one.other.agent)} ${times(one.other)}</span></li>`)}</ul>
    ${clashes.length > SHOWN && html`<p>${t("shifts.more", { n: clashes.length - SHOWN })}</p>`}
  </details>`;
}
