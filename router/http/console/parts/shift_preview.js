// What a change of shifts would come to: said by the server, which tries it out, while it is being
// written. Nothing is adopted that was not shown.
import { part, post, Refused } from "../api.js";
import { now } from "../clock.js";
import { html, useEffect, useState } from "../html.js";
import { desk } from "../state.js";
import { t, why } from "../words/index.js";
import { useReading } from "./reading.js";
import { breaksText, clock, date, dayOf, hours, length, times, weekday } from "./roster_days.js";
import { nameOf } from "./roster_clashes.js";
import { tellsOfPlans } from "./shift_read.js";

const TYPING_MS = 250;
// In words where a refusal has more to tell than its title.
export const refusedWords = (error) => (error.reason === "shifts_overlap" ? `${why(error)}:${error.message}` : why(error));

function useSettled(text) {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

// Of the body that would be sent: `{found, problem, ready}`. `body` null: there is nothing to try
// yet. `ready`: this very change can be made, and has been shown.
export function usePreview(body) {
  const text = body ? JSON.stringify(body) : "";
  const asked = useSettled(text);
  const { value } = useReading(async () => {
    if (!asked) return { asked, found: null, problem: "" };
    try {
      return { asked, found: await post(`/v1/shifts/preview?desk=${part(desk.value)}`, JSON.parse(asked)), problem: "" };
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500) throw error;
      return { asked, found: null, problem: refusedWords(error) };
    }
  }, [asked, desk.value], tellsOfPlans);
  const fresh = Boolean(value) && value.asked === text;
  return { found: value?.found || null, problem: fresh ? value.problem : "", ready: fresh && value.found?.changes.length > 0 };
}

const told = (one, names) => [nameOf(names, one.agent), `${date(dayOf(one.from_at))} ${weekday(dayOf(one.from_at))}`, `${times(one)} (${hours(length(one))})`, one.name,
  one.breaks.length > 0 && `${t("shifts.breaks")} ${breaksText(one)}`,
  t("shifts.preview.on", { list: one.sub_accounts.join("、") || ownOf(names, one.agent) })].filter(Boolean);
const ownOf = (names, agent) => names.sub_accounts.filter((one) => one.agent === agent).map((one) => one.id).join("、") || "—";

// What of it is another is marked, on either side.
const Side = ({ tag, parts, other }) => html`<${tag} dir="auto">${parts.map((text, index) => html`${index ? " · " : ""}${other && !other.includes(text) ? html`<b>${text}</b>` : text}`)}<//>`;

function Change({ change, names }) {
  const before = change.before && told(change.before, names), after = change.after && told(change.after, names);
  const kind = !before ? "added" : !after ? "removed" : "changed";
  return html`<li><span class=${`roster-change ${kind}`}>${t(`shifts.kind.${kind}`)}</span>
    <p class="before-after">${before && html`<${Side} tag="del" parts=${before} other=${after} />`}
      ${before && after && html` <span aria-hidden="true">→</span><span class="hidden">${t("policy.becomes")}</span> `}
      ${after && html`<${Side} tag="ins" parts=${after} other=${before} />`}</p></li>`;
}

const span = (one) => `${date(dayOf(one.from_at))} ${clock(one.from_at)}–${clock(one.to_at)}`;
const Clash = ({ kind, one, names }) => html`<li class=${kind}>${t(`shifts.preview.${kind}`, {
  span: span(one), list: one.sub_accounts.join("、"), one: nameOf(names, one.one.agent), other: nameOf(names, one.other.agent),
})}</li>`;

const MOST = 8; // of a kind

// Whose shifts they are sees it on their page; agents see no others'.
function Who({ found, names }) {
  const who = [...new Set(found.changes.flatMap(({ before, after }) => [before?.agent, after?.agent]).filter(Boolean))];
  const begins = found.changes.some(({ after }) => after && Date.parse(after.from_at) <= now.value);
  return html`<li>${t("shifts.preview.told", { list: who.map((id) => nameOf(names, id)).join("、") })}</li>
    ${begins && html`<li>${t("shifts.preview.at_once")}</li>`}`;
}

export function ShiftPreview({ of: { found }, names }) {
  const list = (name) => found[name].slice(0, MOST);
  const calm = found && !found.clashes.length && !found.gaps.length;
  return html`<section class="shift-preview" aria-labelledby="shift-preview" aria-live="polite"><h3 id="shift-preview">${t("shifts.import.changes")}</h3>
    ${!found ? html`<p class="none">${t("shifts.preview.nothing_yet")}</p>` : !found.changes.length ? html`<p class="none">${t("shifts.preview.same")}</p>`
    : html`<ul class="changes">${found.changes.map((change, index) => html`<${Change} key=${index} change=${change} names=${names} />`)}</ul>
      <ul class="follows">
        ${list("clashes").map((one) => html`<${Clash} kind="clash" one=${one} names=${names} />`)}
        ${list("gaps").map((one) => html`<li class="gap">${t("shifts.preview.gap", { span: span(one), list: one.sub_accounts.join("、") })}</li>`)}
        ${list("solved").map((one) => html`<${Clash} kind="solved" one=${one} names=${names} />`)}
        ${calm && html`<li class="calm">${t("shifts.preview.calm")}</li>`}
        <${Who} found=${found} names=${names} /></ul>`}
  </section>`;
}
