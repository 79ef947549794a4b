// Promising a buyer to come back to them: what, and by when. It stays among the work until an
// agent's message goes to that buyer, or it is withdrawn.
import { part, post } from "../api.js";
import { asLocal, at, fromLocal, now, serverNow } from "../clock.js";
import { html, useMemo, useState } from "../html.js";
import { listen, me, refresh, sessions, toast } from "../state.js";
import { t, why } from "../words/index.js";
import { Countdown } from "./countdown.js";
import { Dialog, enterSends } from "./dialog.js";
import { ownDuty } from "./handover_state.js";

const MINUTE_MS = 60_000, DAY_MS = 86_400_000;
const SOON_MS = 45 * MINUTE_MS; // what lies nearer is no choice beside half an hour
const TODAY = ["18:00", "22:00"];

// Half an hour, two hours, the shift's end, today, tomorrow. What lies at a time of day is written
// as a date-time field has it.
function choicesAt(ms) {
  const duty = ownDuty.peek();
  const left = duty?.state === "on" ? Date.parse(duty.to_at) - ms : 0;
  const leaving = left > SOON_MS && left < DAY_MS ? asLocal(Date.parse(duty.to_at)) : "";
  const day = asLocal(ms).slice(0, 10);
  const today = TODAY.map((time) => `${day}T${time}`)
    .find((local) => Date.parse(fromLocal(local)) - ms > SOON_MS && local !== leaving);
  return [
    { name: "half_hour", inS: 1_800 },
    { name: "two_hours", inS: 7_200 },
    ...[
      ...(leaving ? [{ name: "shift", local: leaving }] : []),
      ...(today ? [{ name: "today", local: today }] : []),
      { name: "tomorrow", local: `${asLocal(ms + DAY_MS).slice(0, 10)}T10:00` },
    ].sort((a, b) => a.local.localeCompare(b.local)),
  ];
}

export function CallBackDialog({ one, onClose }) {
  const choices = useMemo(() => choicesAt(serverNow()), []);
  const [when, setWhen] = useState(choices[0]); // a choice, or what was written: no name
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const dueMs = when.inS ? now.value + when.inS * 1_000 : Date.parse(fromLocal(when.local));
  const local = when.inS ? asLocal(Math.ceil(dueMs / MINUTE_MS) * MINUTE_MS) : when.local;
  const ready = !busy && text.trim();
  async function promise(event) {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    const due = when.inS ? { due_in_s: when.inS } : { due_at: fromLocal(when.local) };
    try {
      const item = await post(`/v1/sessions/${part(one.id)}/call-backs`, { text: text.trim(), ...due });
      toast(t("callback.made", { time: at(item.due_at) }), "good");
      onClose();
      await refresh();
    } catch (error) {
      setProblem(why(error));
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${t("callback.title")} onClose=${onClose}><form class="order-work" onSubmit=${promise}>
    <label>${t("callback.text")}<textarea name="text" rows="2" required maxlength="1000" dir="auto" autofocus placeholder=${t("callback.hint")}
      value=${text} onInput=${(event) => setText(event.target.value)} onKeyDown=${enterSends}></textarea></label>
    <fieldset><legend>${t("callback.when")}</legend>
      <div class="picks">${choices.map((each) => html`<label key=${each.name} class="pick-one"><input type="radio" name="when" value=${each.name}
        checked=${when.name === each.name} onChange=${() => setWhen(each)} /><span>${t(`callback.in.${each.name}`)}${each.local && html` <small>${each.local.slice(11)}</small>`}</span></label>`)}</div>
      <p class="by"><input type="datetime-local" name="due" required aria-label=${t("callback.by")} value=${local}
        min=${asLocal(now.value + MINUTE_MS)} max=${asLocal(now.value + 30 * DAY_MS)} onInput=${(event) => setWhen({ local: event.target.value })} onKeyDown=${enterSends} />
        ${dueMs > 0 && html`<${Countdown} due=${new Date(dueMs).toISOString()} label=${t("callback.left")} />`}</p></fieldset>
    <p class="hint">${t("callback.meets")}</p>
    <p class="problem" role="alert">${problem}</p>
    <div class="acts"><button class="first" disabled=${!ready}>${t("callback.do")}</button></div>
  </form><//>`;
}

// Any message to the buyer keeps the promise: who has the session hears that it is kept.
listen((fact) => {
  if (fact.type !== "item_settled" || fact.kind !== "call_back" || fact.how !== "settled") return;
  const work = [...sessions.value.values()].flatMap((one) => one.work).find((item) => item.id === fact.item);
  if (work && work.agent === me.value?.agent?.id) toast(t("callback.met", { text: work.reason }), "good");
});
