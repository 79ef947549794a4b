// The supervisor's board: who is here, who waits, what is about to be missed; and moving work.
import { part, post, put } from "../api.js";
import { at, now, span, yuan } from "../clock.js";
import { computed, html, signal, useEffect, useMemo, useState } from "../html.js";
import { TodayRate } from "../parts/chart_today.js";
import { Deadlines } from "../parts/board_due.js";
import { Overdue, overdueBack, Seats } from "../parts/board_here.js";
import { Buyer, Wanted } from "../parts/board_item.js";
import { Handovers, Promises } from "../parts/board_owed.js";
import { Conversation, WithReason } from "../parts/conversation.js";
import { Countdown, Pressing, Since } from "../parts/countdown.js";
import { Menu } from "../parts/menu.js";
import { PastButton } from "../parts/past_sessions.js";
import { Item, takeOver } from "../parts/refunds.js";
import { awaited, Duty, rosteredOf } from "../parts/shift_status.js";
import { agentName, agents, apart, board, buyerName, open, seatName, sessions, shopName, show, toast } from "../state.js";
import { language, named, t } from "../words/index.js";
import { firstDue } from "./work.js";

const dragged = signal(null); // {session} or {agent}
const over = signal(""); // the agent it is held above
const moving = signal(null); // what was dropped, until a reason is given

const rows = computed(() => [...sessions.value.values()].sort((a, b) =>
  (firstDue(a) || "9").localeCompare(firstDue(b) || "9") || a.opened_at.localeCompare(b.opened_at)));
const refunds = computed(() => rows.value.flatMap((one) => one.work
  .filter((item) => item.state !== "settled")).concat(apart.value).filter((item) => item.for_supervisors));
// What was promised has a list of its own.
const others = computed(() => apart.value.filter((item) => !item.for_supervisors && item.kind !== "call_back"));

const COUNTS = ["sessions", "waiting", "queued", "online", "away", "breaches_today"];

function Counts() {
  const { counts, oldest_wait_ms: oldest } = board.value;
  return html`<ul class="counts" aria-label=${t("board.counts")}>
    ${COUNTS.map((name) => html`<li key=${name} class=${counts[name] > 0 && (name === "queued" || name === "breaches_today") ? "alarm" : ""}>
      <b>${counts[name]}</b> ${t(`count.${name}`)}${name === "breaches_today" && counts.fines_today_fen > 0 ? ` · ${yuan(counts.fines_today_fen)}` : ""}</li>`)}
    <li class=${counts.queued ? "alarm" : ""}><b>${counts.queued ? span(oldest) : "—"}</b> ${t("count.oldest")}</li>
    <${TodayRate} />
  </ul>`;
}

// What is dragged is told to the browser, too: some drag nothing without data.
function drag(event, what) {
  event.dataTransfer.setData("text/plain", what.session || what.agent);
  event.dataTransfer.effectAllowed = "move";
  dragged.value = what;
}
function dragEnd() {
  dragged.value = null;
  over.value = "";
}
const mayTake = (agent) => Boolean(dragged.value) && dragged.value.agent !== agent.id
  && (!dragged.value.session || (agent.id !== dragged.value.from
    && agent.sub_accounts.some((seat) => seat.shop === dragged.value.shop)));

function drop(event, agent) {
  event.preventDefault();
  over.value = "";
  if (dragged.value) moving.value = { ...dragged.value, to: agent };
  dragged.value = null;
}

function Agent({ agent, row, overdue }) {
  const [asking, setAsking] = useState("");
  const full = agent.capacity && agent.load >= agent.capacity;
  const dropping = dragged.value ? (mayTake(agent) ? "may" : "cannot") : "";
  return html`<li class=${`agent ${agent.presence} ${awaited(row) || overdue ? "awaited" : ""} ${dropping} ${over.value === agent.id ? "over" : ""}`} data-agent=${agent.id}
    onDragOver=${(event) => { if (mayTake(agent)) { event.preventDefault(); over.value = agent.id; } }}
    onDragLeave=${(event) => { if (!event.currentTarget.contains(event.relatedTarget)) over.value = ""; }}
    onDrop=${(event) => drop(event, agent.id)}>
    <span class=${`dot ${agent.presence}`} title=${named("presence", agent.presence)}></span>
    <b draggable=${agent.load > 0} onDragStart=${(event) => drag(event, { agent: agent.id })}
      onDragEnd=${dragEnd} title=${agent.load ? t("board.drag_all") : ""}>${agent.name || agent.id}</b>
    <span class=${`load ${full ? "full" : ""}`}>${agent.load}${agent.capacity ? ` / ${agent.capacity}` : ""}
      ${agent.capacity > 0 && html`<progress max=${agent.capacity} value=${Math.min(agent.load, agent.capacity)} aria-label=${t("board.load")}></progress>`}</span>
    <small>${row && html`<${Duty} row=${row} />`}${overdue && html`<${Overdue} agent=${agent} /> · `}${named("presence", agent.presence)}${agent.reason ? ` · ${agent.reason}` : ""}${agent.back_at && !overdue ? ` · ${t("presence.back", { time: at(agent.back_at) })}` : ""}
      ${!overdue && agent.since_at && html` · <${Since} at=${agent.since_at} />`}</small>
    <${Seats} agent=${agent} />
    <${Menu} label="⋯" name=${t("board.acts", { name: agent.name || agent.id })}>
      ${["online", "away", "offline"].filter((to) => to !== agent.presence).map((to) => html`<button key=${to} type="button" class="plain"
        onClick=${() => setAsking(to)}>${t("board.set", { to: t(`presence.${to}`) })}</button>`)}
      ${agent.load > 0 && html`<button type="button" class="plain" onClick=${() => { moving.value = { agent: agent.id, to: "" }; }}>${t("board.move_all")}</button>`}
    <//>
    ${asking && html`<${WithReason} title=${`${agent.name || agent.id}: ${t(`presence.${asking}`)}`} onClose=${() => setAsking("")}
      act=${(reason) => put(`/v1/agents/${part(agent.id)}/presence`, { to: asking, reason })} />`}
  </li>`;
}

const ORDER = { online: 0, away: 1, offline: 2 };
// Who is rostered now and has not come stands first, then who meant to be back, then who has left
// their shift.
function Agents() {
  const list = board.value.agents.map((agent) => ({ agent, row: rosteredOf(agent.id) }));
  const back = overdueBack.value;
  const missed = ({ agent, row }) => (awaited(row) ? 0 : back.has(agent.id) ? 1 : row && !row.here ? 2 : 3);
  list.sort((a, b) => missed(a) - missed(b) || ORDER[a.agent.presence] - ORDER[b.agent.presence]
    || (a.agent.name || a.agent.id).localeCompare(b.agent.name || b.agent.id));
  const missing = list.filter(({ row }) => awaited(row)).length;
  return html`<section aria-labelledby="agents-title"><h2 id="agents-title">${t("board.agents")}
      ${missing > 0 && html` <span class="shift-standing late">${t("shifts.late_now", { n: missing })}</span>`}
      ${back.size > 0 && html` <span class="shift-standing late">${t("board.overdue_now", { n: back.size })}</span>`}</h2>
    <ul class="agents">${list.map(({ agent, row }) => html`<${Agent} key=${agent.id} agent=${agent} row=${row} overdue=${back.has(agent.id)} />`)}</ul></section>`;
}

const Waits = ({ since }) => html`${t("board.waits", { span: span(now.value - Date.parse(since)) })}`;

function Queue() {
  const { queue } = board.value;
  return html`<section aria-labelledby="queue-title"><h2 id="queue-title">${t("board.queue", { n: board.value.counts.queued })}</h2>
    ${queue.length === 0 && html`<p class="none">${t("board.queue.none")}</p>`}
    <ol class="queue">${queue.map((one) => html`<li key=${one.id} draggable=${one.what === "session"}
      onDragStart=${(event) => drag(event, { session: one.id, buyer: buyerName(one), shop: one.shop, from: "" })} onDragEnd=${dragEnd}>
      <${Countdown} due=${one.due_at} /> <${Buyer} one=${one} item=${one.what === "work" ? one.id : ""} />
      <small>${one.kind ? `${named("rule", one.kind)} · ` : ""}${shopName(one.shop)} · <${Waits} since=${one.waiting_since_at} /></small>
      ${one.kind === "refund" && html`<button type="button" onClick=${() => takeOver(one)}>${t("refund.take_over")}</button>`}</li>`)}</ol></section>`;
}

// There may be hundreds, of which few have changed: a row is made anew only for what it shows.
function Row({ one }) {
  const shown = open.value === one.id;
  return useMemo(() => html`<tr data-session=${one.id} draggable="true" class=${shown ? "open" : ""}
      onDragStart=${(event) => drag(event, { session: one.id, buyer: buyerName(one), shop: one.shop, from: one.agent })} onDragEnd=${dragEnd}>
      <td><${Pressing} one=${one} /></td>
      <td class="buyer"><button type="button" class="plain" onClick=${() => show(one.id)} dir="auto" title=${one.buyer}>${buyerName(one)}</button>
        ${one.unanswered > 0 && html`<span class="count" aria-label=${t("work.unanswered", { n: one.unanswered })}>${one.unanswered}</span>`}
        <small class="at-shop">${shopName(one.shop)}</small></td>
      <td class="shop">${shopName(one.shop)}</td><td>${one.agent ? agentName(one.agent) : "—"}${one.sub_account && seatName(one.sub_account) !== agentName(one.agent) ? html` <small>${one.sub_account}</small>` : ""}</td>
      <td class="state">${named("state", one.state)}</td></tr>`, [one, shown, agents.value, language.value]);
}

function Sessions() {
  return html`<section class="wide" aria-labelledby="sessions-title"><header class="with-act"><h2 id="sessions-title">${t("board.sessions", { n: rows.value.length })}</h2><${PastButton} /></header>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="sessions-title"><table><thead><tr><th scope="col">${t("col.due")}</th><th scope="col">${t("col.buyer")}</th><th scope="col" class="shop">${t("col.shop")}</th><th scope="col">${t("col.agent")}</th><th scope="col" class="state">${t("col.state")}</th></tr></thead>
    <tbody>${rows.value.map((one) => html`<${Row} key=${one.id} one=${one} />`)}</tbody></table></div>
    ${rows.value.length === 0 && html`<p class="none">${t("board.sessions.none")}</p>`}</section>`;
}

function Refunds() {
  if (!refunds.value.length) return null;
  return html`<section aria-labelledby="refunds-title"><h2 id="refunds-title">${t("board.refunds")}</h2>
    <ul class="work-items">${refunds.value.map((item) => html`<${Item} key=${item.id} item=${item} apart />`)}</ul></section>`;
}

// Work whose buyers have no session open.
function Others() {
  if (!others.value.length) return null;
  return html`<section aria-labelledby="apart-title"><h2 id="apart-title">${t("work.apart", { n: others.value.length })}</h2>
    <ul class="work-items">${others.value.map((item) => html`<${Item} key=${item.id} item=${item} apart />`)}</ul></section>`;
}

// What was dropped on somebody moves when it has been said why.
function Moving() {
  const [chosen, setChosen] = useState("");
  const move = moving.value;
  if (!move) return null;
  const done = () => { moving.value = null; setChosen(""); };
  const path = move.session ? `/v1/sessions/${part(move.session)}/reassign` : `/v1/agents/${part(move.agent)}/reassign`;
  const title = move.session ? t("board.move", { what: move.buyer || "", to: agentName(move.to) })
    : t("board.move", { what: agentName(move.agent), to: move.to ? agentName(move.to) : t("board.anybody") });
  const choose = Boolean(move.agent && !move.to); // from the menu: not everybody can drag
  const there = board.value.agents.filter((agent) => agent.id !== move.agent && agent.presence !== "offline");
  return html`<${WithReason} title=${choose ? t("board.move_from", { what: agentName(move.agent) }) : title} onClose=${done}
    act=${async (reason) => { await post(path, { to: move.to || chosen, reason }); toast(t("work.moved"), "good"); }}>
    ${choose && html`<label>${t("work.to")}<select name="to" value=${chosen} onChange=${(event) => setChosen(event.target.value)}>
      <option value="">${t("board.anybody")}</option>
      ${there.map((agent) => html`<option key=${agent.id} value=${agent.id}>${agentName(agent.id)} · ${named("presence", agent.presence)} ${agent.load}${agent.capacity ? ` / ${agent.capacity}` : ""}</option>`)}
    </select></label>`}<//>`;
}

export function Board() {
  useEffect(() => {
    function pressed(event) {
      if (event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]")) show("");
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  if (!board.value) return html`<p class="loading" role="status">${t("app.loading")}</p>`;
  const one = sessions.value.get(open.value);
  return html`<div class=${`board ${one ? "reading" : ""}`}>
    <${Counts} />
    <div class="columns"><div class="side"><${Agents} /><${Queue} /></div>
      <div class="middle"><${Deadlines} /><${Refunds} /><div class="owed"><${Promises} /><${Handovers} /></div><${Others} /><${Sessions} /></div>
      ${one && html`<${Conversation} key=${one.id} one=${one} />`}</div>
    <${Moving} /><${Wanted} /></div>`;
}
