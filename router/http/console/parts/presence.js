// Online, away with a reason, offline; with the choice that leaving waiting buyers needs (RULES §4).
import { put } from "../api.js";
import { at } from "../clock.js";
import { html, useState } from "../html.js";
import { buyerName, failed, listen, me, refresh, shopName, toast, whoIs } from "../state.js";
import { named, t, why } from "../words/index.js";
import { Dialog } from "./dialog.js";

const REASONS = ["toilet", "packing", "meeting", "meal", "other"];
const MINUTES = [5, 10, 15, 30, 60];

// What somebody else has made of it is told.
listen((fact) => {
  const agent = me.value?.agent;
  if (fact.type !== "presence_changed" || !agent || fact.agent !== agent.id) return;
  if (!fact.by || [agent.id, me.value.user].includes(fact.by)) return;
  const by = fact.by === "router" ? t("presence.router") : whoIs(fact.by);
  toast(t("presence.set_by", { by, to: t(`presence.${fact.to}`), why: fact.reason ? named("presence.why", fact.reason) : "—" }), "bad");
});

export function PresenceControl() {
  const [leaving, setLeaving] = useState(""); // "", away, offline
  const agent = me.value.agent;
  const online = () => put("/v1/me/presence", { to: "online", console: true })
    .then(refresh).catch(failed);
  return html`<div class="presence" role="group" aria-label=${t("presence.mine")}>
    ${["online", "away", "offline"].map((to) => html`<button key=${to} type="button"
      class=${`state ${to}`} aria-pressed=${agent.presence === to}
      onClick=${() => (to === "online" ? online() : setLeaving(to))}><span class=${`dot ${to}`} aria-hidden="true"></span>${t(`presence.${to}`)}</button>`)}
    ${agent.presence === "away" && agent.back_at && html`<small>${t("presence.back", { time: at(agent.back_at) })}</small>`}
    ${leaving && html`<${Leave} to=${leaving} onClose=${() => setLeaving("")} />`}
  </div>`;
}

function Leave({ to, onClose }) {
  const [waiting, setWaiting] = useState(null);
  const [problem, setProblem] = useState("");
  async function leave(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const reason = form.get("reason"), words = form.get("words").trim();
    try {
      await put("/v1/me/presence", {
        to, console: true,
        reason: [reason && (reason !== "other" || !words) ? t(`reason.${reason}`) : "", words].filter(Boolean).join(" · "),
        back_in_s: Number(form.get("minutes") || 0) * 60,
        open_sessions: event.submitter?.value || "",
      });
      toast(t(`presence.now.${to}`), "good");
      onClose();
      await refresh();
    } catch (error) {
      if (error.reason === "open_sessions_choice_needed") setWaiting(error.problem.sessions);
      else setProblem(why(error));
    }
  }
  return html`<${Dialog} title=${t(`presence.leave.${to}`)} onClose=${onClose}>
    <form onSubmit=${leave}>
      <fieldset hidden=${to !== "away"}><legend>${t("presence.reason")}</legend>
        ${REASONS.map((name, index) => html`<label key=${name} class="choice">
          <input type="radio" name="reason" value=${name} defaultChecked=${to === "away" && index === 0} /> ${t(`reason.${name}`)}</label>`)}
        <label>${t("presence.words")}<input name="words" maxlength="100" /></label>
        <label>${t("presence.minutes")}<select name="minutes"><option value="">—</option>
          ${MINUTES.map((n) => html`<option key=${n} value=${n}>${t("minutes", { n })}</option>`)}</select></label>
      </fieldset>
      ${waiting === null
        ? html`<div class="acts"><button class="first" value="">${t(`presence.${to}`)}</button></div>`
        : html`<p role="alert">${t("presence.waiting", { n: waiting.length })}</p>
          <ul class="waiting">${waiting.map((one) => html`<li key=${one.id}><bdi title=${one.buyer}>${buyerName(one)}</bdi> <small>${shopName(one.shop)}</small></li>`)}</ul>
          <div class="acts"><button class="first" value="inform">${t("presence.inform")}</button>
            <button value="transfer">${t("presence.transfer")}</button></div>`}
      <p class="problem" role="alert">${problem}</p>
    </form>
  <//>`;
}
