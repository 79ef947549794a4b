// A handover that was filed: what stands in it, who has taken what, and what is asked back.
// What it names moves to whoever acknowledges it.
import { part, post } from "../api.js";
import { at } from "../clock.js";
import { html, useState } from "../html.js";
import { agentName, agents, failed, me, refresh, sessions, show, supervises, toast, whoIs } from "../state.js";
import { t, why } from "../words/index.js";
import { Countdown } from "./countdown.js";
import { Between, LineHead } from "./handover_line.js";
import { aboutLines, mineId, readHandovers, useShown } from "./handover_state.js";

const concerns = (id) => (fact, one) => fact.handover === id || (one ? aboutLines(fact, one.lines) : false);
const speaker = () => (supervises.value ? me.value.user : mineId.value);

// Whom it is for; anybody while that one is not at work, or where it is for nobody.
const mayTake = (one) => Boolean(mineId.value) && one.state === "open" && one.agent !== mineId.value
  && (!one.to || one.to === mineId.value || agents.value.get(one.to)?.presence !== "online");
const takesPart = (one) => supervises.value || !one.to || [one.agent, one.to, one.acknowledged_by,
  ...one.lines.map((line) => line.taken_by)].includes(mineId.value);

export function Handed({ id, children }) {
  const { value: one, put } = useShown(`/v1/handovers/${part(id)}`, concerns(id));
  if (one === null) return html`<p class="loading" role="status">${t("app.loading")}</p>`;
  if (one === undefined) return html`<div class="handed"><header>${children}</header><p class="none">${t("handover.gone")}</p></div>`;
  return html`<${Shown} one=${one} put=${put}>${children}<//>`;
}

function Shown({ one, put, children }) {
  const [busy, setBusy] = useState(false);
  const mine = mayTake(one), offline = me.value.agent?.presence === "offline";
  async function take(lines) {
    setBusy(true);
    try {
      const taken = await post(`/v1/handovers/${part(one.id)}/acknowledge`, { lines });
      put(taken);
      toast(t(taken.state === "acknowledged" ? "handover.taken.whole" : "handover.taken.line"), "good");
      await Promise.all([readHandovers(), refresh()]);
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  }
  const left = one.lines.filter((line) => !line.taken_at).length;
  return html`<article class="handed" aria-labelledby="handover-title">
    <header>${children}<h2 id="handover-title"><${Between} one=${one} /></h2>
      <small>${t("handover.filed_at", { time: at(one.filed_at) })}</small>
      ${one.by_router && html`<span class="badge router">${t("handover.by_router")}</span>`}
      ${one.state === "acknowledged"
    ? html`<span class="badge good">${t("handover.done_by", { name: agentName(one.acknowledged_by), time: at(one.acknowledged_at) })}</span>`
    : html`<span class="badge">${t("handover.left", { n: left })}</span> ${one.due_at && html`<${Countdown} due=${one.due_at} label=${t("handover.take_by")} />`}`}
    </header>
    <div class="body">
      ${one.note && html`<section class="special" aria-labelledby="handover-note"><h3 id="handover-note">${t("handover.note")}</h3><p dir="auto">${one.note}</p></section>`}
      ${!one.note && one.lines.length === 0 && html`<p class="none">${t("handover.empty")}</p>`}
      <ul class="lines">${one.lines.map((line) => html`<li key=${line.number} data-line=${line.number} class=${line.taken_at ? "taken" : ""}>
        <${LineHead} line=${line}><${Standing} line=${line} by=${one.agent} /><//>
        ${line.text && html`<p class="said" dir="auto">${line.text}</p>`}
        <div class="acts">
          ${line.taken_at ? html`<small class="good">✓ ${t("handover.line_taken", { name: agentName(line.taken_by), time: at(line.taken_at) })}</small>`
    : mine && html`<button type="button" disabled=${busy || offline} onClick=${() => take([line.number])}>${t("handover.take_line")}</button>`}
          <${Opens} line=${line} />
          ${takesPart(one) && html`<${Ask} one=${one} line=${line.number} put=${put} />`}
        </div>
        <${Questions} one=${one} line=${line.number} put=${put} /></li>`)}</ul>
      <section class="talk" aria-labelledby="handover-talk"><h3 id="handover-talk">${t("handover.questions")}</h3>
        <${Questions} one=${one} line=${-1} put=${put} />
        ${takesPart(one) && html`<${Ask} one=${one} line=${-1} put=${put} />`}
      </section>
    </div>
    ${mine && html`<footer class="acts"><button type="button" class="first" disabled=${busy || offline} onClick=${() => take([])}>
      ${t(left === one.lines.length ? "handover.take" : "handover.take_rest", { n: left })}</button>
      ${offline && html`<p class="hint">${t("handover.offline")}</p>`}</footer>`}
  </article>`;
}

// How it stands now with what a line names: with whom it is, or that it is done.
function Standing({ line, by }) {
  if (line.about === "other" || !line.ref) return null;
  if (!line.open) return html`<span class="badge">${t("handover.ended")}</span>`;
  if (line.holder === (line.taken_by || by)) return null;
  return html`<small>${line.holder ? t("handover.with", { name: agentName(line.holder) }) : t("state.queued")}</small>`;
}

// To the conversation, for who has it.
function Opens({ line }) {
  const found = line.about === "session" ? sessions.value.get(line.ref)
    : line.open && [...sessions.value.values()].find((one) => one.buyer === line.buyer && one.shop === line.shop);
  if (!found || (found.agent !== mineId.value && !supervises.value)) return null;
  return html`<a class="button" href=${supervises.value ? "#/board" : "#/work"} onClick=${() => show(found.id)}>${t("handover.to_session")}</a>`;
}

function Questions({ one, line, put }) {
  const list = one.questions.filter((question) => question.line === line);
  if (!list.length) return null;
  return html`<ul class="questions">${list.map((question) => html`<li key=${question.number}>
    <p><b>${whoIs(question.agent)}</b> <span dir="auto">${question.text}</span> <small>${at(question.asked_at)}</small></p>
    ${question.answered_at ? html`<p class="answer"><b>${whoIs(question.answered_by)}</b> <span dir="auto">${question.answer}</span> <small>${at(question.answered_at)}</small></p>`
    : takesPart(one) && question.agent !== speaker() && html`<${Words} label=${t("handover.answer")}
        send=${async (text) => put(await post(`/v1/handovers/${part(one.id)}/questions/${question.number}/answer`, { text }))} />`}
  </li>`)}</ul>`;
}

// Who filed it adds something; the others ask.
function Ask({ one, line, put }) {
  const [asking, setAsking] = useState(false);
  const label = t(one.agent === mineId.value ? "handover.add" : "handover.ask");
  if (!asking) return html`<button type="button" class="plain" onClick=${() => setAsking(true)}>${label}</button>`;
  return html`<${Words} label=${label} onClose=${() => setAsking(false)}
    send=${async (text) => { put(await post(`/v1/handovers/${part(one.id)}/questions`, { text, line })); setAsking(false); }} />`;
}

function Words({ label, send, onClose }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  async function go(event) {
    event.preventDefault();
    const form = event.target;
    setBusy(true);
    setProblem("");
    try {
      await send(form.elements.text.value.trim());
    } catch (error) {
      setProblem(why(error));
      setBusy(false);
    }
  }
  const pressed = (event) => { if (event.key === "Escape" && !event.isComposing) onClose?.(); };
  return html`<form class="words" onSubmit=${go} onKeyDown=${pressed}>
    <input name="text" required maxlength="2000" dir="auto" aria-label=${label} placeholder=${label} ref=${onClose ? focus : undefined} />
    <button disabled=${busy}>${t("act.send")}</button>
    ${onClose && html`<button type="button" class="plain" onClick=${onClose}>${t("act.cancel")}</button>`}
    <p class="problem" role="alert">${problem}</p></form>`;
}
const focus = (input) => input?.focus();
