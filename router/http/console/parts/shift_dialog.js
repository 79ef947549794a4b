// One shift: what is planned, what became of it, and who hands over to whom. It is added, changed,
// swapped and cancelled here, with a reason, once it was shown what that comes to.
import { ask, get, part, post } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { desk, toast } from "../state.js";
import { t } from "../words/index.js";
import { Dialog } from "./dialog.js";
import { useReading } from "./reading.js";
import { breaksText, clock, date, dayOf, DAY_MS, hours, midnight, moment, plusDays, times, weekday } from "./roster_days.js";
import { nameOf } from "./roster_clashes.js";
import { refusedWords, ShiftPreview, usePreview } from "./shift_preview.js";
import { SubAccounts, subAccountsIn } from "./shift_sub_accounts.js";
import { readShifts } from "./shift_read.js";
import { Status } from "./shift_status.js";

const REASONS = ["cover", "sick", "leave", "overtime", "swap", "adjust"];
const SPAN = /^\s*(\d{1,2})[::](\d{2})\s*[-–—~至到]\s*(\d{1,2})[::](\d{2})\s*$/;
const minute = (day, hour, minutes) => midnight(day) + (Number(hour) * 60 + Number(minutes)) * 60_000;

// The planned shift that a form holds. Throws words for what cannot be.
function planned(form) {
  const day = form.get("day"), start = form.get("start"), stop = form.get("stop");
  const fromMs = minute(day, ...start.split(":"));
  let toMs = minute(day, ...stop.split(":"));
  if (toMs <= fromMs) toMs += DAY_MS;
  return { from_at: moment(fromMs), to_at: moment(toMs), breaks: breaksIn(form.get("breaks"), day, fromMs, toMs) };
}

function breaksIn(text, day, fromMs, toMs) {
  return text.split(/[、,,;;|]+/).filter((one) => one.trim()).map((one) => {
    const found = SPAN.exec(one);
    if (!found) throw new Error(t("shifts.bad_breaks", { text: one.trim() }));
    let begin = minute(day, found[1], found[2]), end = minute(day, found[3], found[4]);
    if (begin < fromMs) begin += DAY_MS;
    while (end <= begin) end += DAY_MS;
    if (end > toMs) throw new Error(t("shifts.break_outside", { text: one.trim() }));
    return { from_at: moment(begin), to_at: moment(end) };
  }).sort((a, b) => a.from_at.localeCompare(b.from_at));
}

function Reason() {
  return html`<label>${t("act.reason")}<input name="why" maxlength="500" required list="shift-reasons" autocomplete="off" />
    <datalist id="shift-reasons">${REASONS.map((name) => html`<option key=${name} value=${t(`shifts.why.${name}`)}></option>`)}</datalist></label>`;
}

// What became of it, and who is around.
function Known({ shift }) {
  const { value } = useReading(() => get("/v1/shifts/around", { desk: desk.value, agent: shift.agent, from: shift.from_at, to: shift.to_at }), [shift.id],
    (fact) => fact.shift === shift.id || fact.type === "roster_planned");
  const around = value?.shifts.find((one) => one.shift === shift.id);
  const who = (one) => `${one.agent_name || one.agent} ${times(one)}`;
  return html`<dl class="shift-known"><dt>${t("col.state")}</dt><dd><${Status} shift=${shift} />
      ${shift.came_at && html` <small>${t("shifts.came", { time: clock(shift.came_at) })}</small>`}
      ${shift.left_at && html` <small>${t("shifts.left", { time: clock(shift.left_at) })}</small>`}</dd>
    ${around?.before.length > 0 && html`<dt>${t("shifts.before")}</dt><dd>${around.before.map(who).join("、")}</dd>`}
    ${around?.beside.length > 0 && html`<dt>${t("shifts.beside")}</dt><dd>${around.beside.map((one) => `${who(one)} (${one.sub_accounts.join("、")})`).join("、")}</dd>`}
    ${around && html`<dt>${t("shifts.after")}</dt><dd>${around.after ? who(around.after) : t("shifts.after.nobody")}</dd>`}</dl>`;
}

const EMPTY = { agent: "", name: "", sub_accounts: [], breaks: [] };

function Form({ shift, agent, day, names, onDone }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [who, setWho] = useState(agent || shift?.agent || "");
  const [span, setSpan] = useState(shift ? [clock(shift.from_at), clock(shift.to_at)] : ["09:00", "18:00"]);
  const form = useRef(null), was = shift || EMPTY, begun = shift?.state === "on";
  const [start, stop] = span;
  const lasts = start && stop ? ((minute("2000-01-01", ...stop.split(":")) - minute("2000-01-01", ...start.split(":")) + DAY_MS - 1) % DAY_MS) + 1 : 0;
  const [body, setBody] = useState(null); // as it would be sent; null: it cannot be yet
  const shown = usePreview(body && { ...body, shift: shift?.id || "" });
  function read() {
    const data = new FormData(form.current);
    const given = { ...planned(data), name: data.get("name").trim(), sub_accounts: subAccountsIn(data), agent: data.get("agent") };
    if (begun) {
      delete given.agent;
      delete given.from_at;
    }
    return given;
  }
  function written(event) {
    if (event?.target.name === "why") return;
    setProblem("");
    try {
      setBody(form.current.querySelector("select[name=agent]:invalid, .when :invalid") ? null : read());
    } catch (error) {
      setBody(null);
      setProblem(error.message);
    }
  }
  useEffect(() => written(), []);
  async function save(event) {
    event.preventDefault();
    setProblem("");
    setBusy(true);
    try {
      const asked = { ...body, why: new FormData(form.current).get("why").trim() };
      if (shift) await ask("PATCH", `/v1/shifts/${part(shift.id)}`, asked);
      else await post(`/v1/shifts?desk=${part(desk.value)}`, asked);
      toast(t(shift ? "shifts.changed" : "shifts.added"), "good");
      onDone();
    } catch (error) {
      setProblem(refusedWords(error));
      setBusy(false);
    }
  }
  return html`<form ref=${form} class="shift-form beside" onSubmit=${save} onInput=${written}><div>
    <label>${t("shifts.col.agent_name")}<select name="agent" required disabled=${begun} value=${who} onChange=${(event) => setWho(event.target.value)}>
      <option value="">${t("shifts.choose_agent")}</option>
      ${names.agents.map((one) => html`<option key=${one.id} value=${one.id}>${one.name && one.name !== one.id ? `${one.name} (${one.id})` : one.id}</option>`)}</select></label>
    <div class="when">
      <label>${t("shifts.day")}<input type="date" name="day" required readOnly=${begun} defaultValue=${day || dayOf(shift.from_at)} /></label>
      <label>${t("shifts.start")}<input type="time" name="start" required readOnly=${begun} defaultValue=${start} onInput=${(event) => setSpan([event.target.value, stop])} /></label>
      <label>${t("shifts.stop")}<input type="time" name="stop" required defaultValue=${stop} onInput=${(event) => setSpan([start, event.target.value])} /></label>
      <p class="lasts">${lasts > 0 && hours(lasts)}${stop && start && stop <= start ? ` · ${t("shifts.overnight")}` : ""}</p>
    </div>
    <div class="pair"><label>${t("shifts.name")}<input name="name" maxlength="100" defaultValue=${was.name} placeholder=${t("shifts.name.hint")} /></label>
      <label>${t("shifts.breaks")}<input name="breaks" maxlength="400" defaultValue=${breaksText(was)} placeholder="12:00-12:30" /></label></div>
    <${SubAccounts} names=${names} agent=${who} chosen=${was.sub_accounts} /></div><div>
    <${Reason} />
    <p class="problem" role="alert">${problem || shown.problem}</p>
    <${ShiftPreview} of=${shown} names=${names} />
    <div class="acts"><button class="first" disabled=${busy || !shown.ready}>${t(shift ? "act.save" : "shifts.add")}</button></div></div>
  </form>`;
}

// With a shift of somebody else that has not begun, within a week before and after.
function Swap({ shift, names, onDone, onClose }) {
  const from = plusDays(dayOf(shift.from_at), -7), to = plusDays(dayOf(shift.from_at), 8);
  const { value: others } = useReading(() => readShifts({ state: "planned", from: moment(midnight(from)), to: moment(midnight(to)) })
    .then((found) => found.filter((one) => one.agent !== shift.agent)), [shift.id], () => false);
  const [chosen, setChosen] = useState("");
  const other = chosen || others?.[0]?.id || "";
  const act = (why) => post(`/v1/shifts/${part(shift.id)}/swap`, { other, why }).then(() => toast(t("shifts.swapped"), "good"));
  const told = (one) => `${one.agent_name || nameOf(names, one.agent)} · ${date(dayOf(one.from_at))} ${weekday(dayOf(one.from_at))} ${times(one)} ${one.name}`;
  return html`<${Adopt} title=${t("shifts.swap.title", { name: told(shift) })} body=${other && { shift: shift.id, other }} names=${names} act=${act} word=${t("shifts.swap.do")} onDone=${onDone} onClose=${onClose}>
    ${!others && html`<p class="loading" role="status">${t("app.loading")}</p>`}
    ${others && !others.length && html`<p class="none">${t("shifts.swap.none")}</p>`}
    ${others?.length > 0 && html`<label>${t("shifts.swap.with")}<select name="other" required autofocus value=${other} onChange=${(event) => setChosen(event.target.value)}>${others.map((one) => html`<option key=${one.id} value=${one.id}>${told(one)}</option>`)}</select></label>`}
    <p class="shifts-note">${t("shifts.swap.note")}</p><//>`;
}

// A change that is chosen as a whole: what it comes to, a reason, and one click.
function Adopt({ title, body, names, act, word, danger = false, onDone, onClose, children }) {
  const shown = usePreview(body || null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  async function adopt(event) {
    event.preventDefault();
    setBusy(true);
    try {
      await act(new FormData(event.target).get("why").trim());
      onDone();
    } catch (error) {
      setProblem(refusedWords(error));
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose}><form class="shift-form" onSubmit=${adopt}>${children}
    <${Reason} />
    <p class="problem" role="alert">${problem || shown.problem}</p>
    <${ShiftPreview} of=${shown} names=${names} />
    <div class="acts"><button class=${danger ? "danger" : "first"} disabled=${busy || !shown.ready}>${word}</button></div></form><//>`;
}

// `agent` and `day` beside a shift: as it was dropped, to be confirmed.
export function ShiftDialog({ shift, agent, day, names, onClose }) {
  const [doing, setDoing] = useState("");
  const open = shift && (shift.state === "planned" || shift.state === "on");
  if (doing === "swap") return html`<${Swap} shift=${shift} names=${names} onDone=${onClose} onClose=${onClose} />`;
  if (doing === "cancel") {
    return html`<${Adopt} title=${t("shifts.cancel.title")} body=${{ shift: shift.id, cancel: true }} names=${names} word=${t("shifts.cancel.title")} danger onDone=${onClose} onClose=${onClose}
      act=${(why) => post(`/v1/shifts/${part(shift.id)}/cancel`, { why }).then(() => toast(t("shifts.cancelled"), "good"))} />`;
  }
  const title = shift ? `${shift.agent_name || nameOf(names, shift.agent)} · ${date(dayOf(shift.from_at))} ${weekday(dayOf(shift.from_at))} ${times(shift)}` : t("shifts.add");
  return html`<${Dialog} title=${title} onClose=${onClose} wide=${!shift || open}><div class="shift-dialog">
    ${shift && html`<${Known} shift=${shift} />`}
    ${shift && !open && html`<p class="none">${shift.breaks.length > 0 && `${t("shifts.breaks")} ${breaksText(shift)} · `}${t("shifts.over_note")}</p>`}
    ${(!shift || open) && html`<${Form} shift=${shift} agent=${agent} day=${day} names=${names} onDone=${onClose} />`}
    ${open && html`<p class="shift-further">${shift.state === "planned" && html`<button type="button" onClick=${() => setDoing("swap")}>${t("shifts.swap")}</button>`}
      <button type="button" class="danger" onClick=${() => setDoing("cancel")}>${t("shifts.cancel")}</button></p>`}
  </div><//>`;
}
