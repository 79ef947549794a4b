// Sessions that have ended, to be read once more: an agent's own, a supervisor's of the whole desk,
// by day, the latest first, found by buyer and agent.
import { get, part } from "../api.js";
import { at, serverNow } from "../clock.js";
import { html, useEffect, useState } from "../html.js";
import { agentName, agents, buyerName, desk, failed, me, shopName, supervises } from "../state.js";
import { named, t } from "../words/index.js";
import { Dialog } from "./dialog.js";
import { Message } from "./message.js";
import { Remarks } from "./order_remark.js";
import { Placeholder, readRows, useReading } from "./reading.js";

const FEW = 30; // and as many more with each click
const TYPING_MS = 250, DAY_MS = 86_400_000;

const DAY = new Intl.DateTimeFormat("zh-CN", { month: "2-digit", day: "2-digit", timeZone: "Asia/Shanghai" });
function dayOf(time) {
  const day = DAY.format(new Date(time));
  if (day === DAY.format(serverNow())) return t("past.today");
  return day === DAY.format(serverNow() - DAY_MS) ? t("past.yesterday") : day;
}
function byDay(rows) {
  const found = new Map();
  for (const one of rows) {
    const day = dayOf(one.ended_at);
    found.set(day, [...(found.get(day) || []), one]);
  }
  return [...found];
}

function PastSessions({ onClose }) {
  const [written, setWritten] = useState("");
  const [buyer, setBuyer] = useState("");
  const [agent, setAgent] = useState("");
  const [count, setCount] = useState(FEW);
  const [read, setRead] = useState(null);
  useEffect(() => {
    const timer = setTimeout(() => { setBuyer(written.trim()); setCount(FEW); }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [written]);
  const whose = supervises.value ? agent : me.value.agent.id;
  const { value: list } = useReading(
    () => readRows("/v1/sessions", "sessions", { desk: desk.value, state: "closed", buyer, agent: whose }, count),
    [buyer, whose, count], (fact) => fact.type === "session_closed");
  return html`<${Dialog} wide title=${t(read ? "past.session" : supervises.value ? "past.all" : "past.mine")} onClose=${onClose}>
    ${read ? html`<${Past} one=${read} onBack=${() => setRead(null)} />` : html`<div class="past">
    <form class="past-search" role="search" onSubmit=${(event) => event.preventDefault()}>
      <input type="search" name="buyer" autofocus maxlength="200" aria-label=${t("past.buyer")} placeholder=${t("past.buyer")} value=${written}
        onInput=${(event) => setWritten(event.target.value)} />
      ${supervises.value && html`<select name="agent" aria-label=${t("col.agent")} value=${agent} onChange=${(event) => { setAgent(event.target.value); setCount(FEW); }}>
        <option value="">${t("past.anybody")}</option>
        ${[...agents.value.keys()].map((id) => html`<option key=${id} value=${id}>${agentName(id)}</option>`)}</select>`}
    </form>
    <${Placeholder} list=${list} none=${t(buyer ? "past.not_found" : "past.none")} />
    ${list && byDay(list.rows).map(([day, rows]) => html`<div key=${day}><h3>${day}</h3>
      <ul class="past-list">${rows.map((one) => html`<li key=${one.id}><button type="button" data-past=${one.id} onClick=${() => setRead(one)}>
        <b dir="auto" title=${one.buyer}>${buyerName(one)}</b> <small>${shopName(one.shop)}${supervises.value && one.agent ? ` · ${agentName(one.agent)}` : ""}</small>
        <time datetime=${one.ended_at}>${at(one.opened_at, "minute")}–${at(one.ended_at, "minute")}</time></button></li>`)}</ul></div>`)}
    ${list?.more && html`<button type="button" onClick=${() => setCount(count + FEW)}>${t("past.more")}</button>`}
  </div>`}<//>`;
}

// One of them, to be read alone.
function Past({ one, onBack }) {
  const [list, setList] = useState(null);
  const [cursor, setCursor] = useState(null);
  const readOn = (before = "") => get(`/v1/sessions/${part(one.id)}/messages`, { limit: 100, cursor: before })
    .then((page) => {
      setList((known) => [...page.messages, ...(before ? known : [])]);
      setCursor(page.next_cursor);
    }).catch(failed);
  useEffect(() => { readOn(); }, []);
  return html`<div class="past-session">
    <div class="past-head"><button type="button" onClick=${onBack} ref=${(button) => button?.focus()}>‹ ${t("act.back")}</button>
      <b dir="auto" title=${one.buyer}>${buyerName(one)}</b>
      <span>${shopName(one.shop)}${one.agent ? ` · ${agentName(one.agent)}` : ""}</span>
      <small>${at(one.opened_at, "day")}–${at(one.ended_at, "minute")} · ${named("past.why", one.ended_why)}</small></div>
    <${Remarks} one=${one} />
    ${list === null ? html`<p class="loading" role="status">${t("app.loading")}</p>` : html`<ol class="log" tabindex="0" aria-label=${t("work.log")}>
      ${cursor && html`<li class="more"><button type="button" onClick=${() => readOn(cursor)}>${t("work.earlier")}</button></li>`}
      ${list.length === 0 && html`<li class="none">${t("past.forgotten")}</li>`}
      ${list.map((message) => html`<${Message} key=${message.id} message=${message} list=${list}
        remark=${message.kind === "order_card" && one.remarks.find((remark) => remark.order === message.order)} />`)}</ol>`}
  </div>`;
}

// The button that opens them.
export function PastButton() {
  const [open, setOpen] = useState(false);
  return html`<button type="button" class="past-open" onClick=${() => setOpen(true)}>${t("past.open")}</button>
    ${open && html`<${PastSessions} onClose=${() => setOpen(false)} />`}`;
}
