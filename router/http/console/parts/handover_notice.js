// Above every page of an agent: that their shift ends and is not handed over, and that somebody
// has handed over to them. The words are said once; the countdown beside them only shows.
import { at, now } from "../clock.js";
import { html } from "../html.js";
import { agentName } from "../state.js";
import { t } from "../words/index.js";
import { Countdown, urgency } from "./countdown.js";
import { askedOfMe, forMe, ownDuty } from "./handover_state.js";

const BEFORE_MS = 30 * 60_000; // of the shift's end
const SOON_MS = 10 * 60_000;

function leaving(duty) {
  const left = duty?.owed ? Date.parse(duty.to_at) - now.value : BEFORE_MS;
  if (left >= BEFORE_MS) return null;
  return {
    key: duty.shift, href: "#/handover/draft", act: t("handover.write"),
    text: t(left > 0 ? "handover.notice.ends" : "handover.notice.ended", { time: at(duty.to_at) }),
    due: left > 0 ? duty.to_at : duty.due_at,
    kind: left > SOON_MS ? "calm" : left > 0 ? "soon" : "late",
  };
}

const arriving = (one) => ({
  key: one.id, href: `#/handover/${encodeURIComponent(one.id)}`, act: t("handover.notice.take"),
  text: t("handover.notice.came", { name: agentName(one.agent), n: one.lines.filter((line) => !line.taken_at).length }),
  due: one.due_at, kind: one.due_at && urgency(one.due_at) === "late" ? "late" : "soon",
});

const asked = (duty) => ({
  key: `asked ${duty.handover}`, href: `#/handover/${encodeURIComponent(duty.handover)}`, act: t("handover.answer"),
  text: t("handover.notice.asked", { n: duty.questions }), kind: "calm",
});

export function HandoverNotice({ page }) {
  const own = leaving(ownDuty.value);
  const all = page === "handover" ? [] // there it stands anyway
    : [...(own ? [own] : []), ...forMe.value.slice(0, 3).map(arriving), ...askedOfMe.value.slice(0, 1).map(asked)];
  return html`<p class="hidden" role="status">${all.map((one) => one.text).join(" ")}</p>
    ${all.length > 0 && html`<ul class="notices" aria-label=${t("page.handover")}>${all.map((one) => html`<li key=${one.key} class=${one.kind}>
      <span>${one.text}</span> ${one.due && html`<${Countdown} due=${one.due} />`}
      <a class="button" href=${one.href}>${one.act}</a></li>`)}</ul>`}`;
}
