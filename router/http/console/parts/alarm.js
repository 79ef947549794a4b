// Says when a deadline comes near: a short sound, and a notification where the page is not seen,
// or a word on it where another session is open.
// When the shop's rules warn, and once more in the last minute. A hidden page's clock may stand
// still for a minute, the server's warnings come all the same. Browsers want a click before either; the choice is kept in this browser.
import { now, serverNow } from "../clock.js";
import { effect, html, signal } from "../html.js";
import { buyerName, listen, me, open, sessions, show, toast } from "../state.js";
import { named, t } from "../words/index.js";

const BEFORE_MS = 60_000, KEY = "zhiban.alarm";
const told = new Set();
export const on = signal(localStorage.getItem(KEY) === "on");
// What the browser says to notifications: granted, denied, default (not asked yet), or missing.
const allowed = signal(globalThis.Notification?.permission || "missing");
let audio = null;
const watched = signal([]);

export function alarm(sessions) { watched.value = sessions; }

effect(() => {
  const at = now.value;
  for (const one of watched.value) {
    for (const due of one.deadlines) {
      const name = `${one.id} ${due.rule} ${due.due_at}`;
      const left = Date.parse(due.due_at) - at;
      if (left > BEFORE_MS || left < 0 || told.has(name)) continue;
      told.add(name);
      if (told.size > 5_000) told.clear();
      if (on.peek()) ring(one, due);
    }
  }
});

listen((fact) => {
  if (fact.type !== "deadline_warned" || !on.value || fact.agent !== me.value?.agent?.id) return;
  if (fact.due_ms <= serverNow()) return; // heard late, after a break
  ring(sessions.value.get(fact.session) || { id: fact.session, buyer: fact.buyer }, fact);
});

function sound() {
  audio ||= new AudioContext();
  const tone = audio.createOscillator(), volume = audio.createGain();
  tone.frequency.value = 880;
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.4);
}

function ring(one, due) {
  sound();
  const title = t("alarm.title", { rule: named("rule", due.rule) });
  if (document.hidden && allowed.peek() === "granted") notify(title, one);
  else if (document.hidden || open.peek() !== one.id) toast(`${title} · ${buyerName(one)}`, "bad");
}

// A click on it leads to the session.
function notify(title, one) {
  const said = new Notification(title, { body: buyerName(one), tag: one.id });
  said.addEventListener("click", () => {
    window.focus();
    said.close();
    location.hash = "#/work";
    if (sessions.value.has(one.id)) show(one.id);
  });
}

async function toggle() {
  on.value = !on.value;
  localStorage.setItem(KEY, on.value ? "on" : "off");
  if (!on.value) return;
  sound(); // so that it is known how it sounds, and may be heard later
  if (allowed.value === "default") allowed.value = await Notification.requestPermission();
}

// What is turned on: without notifications only the sound tells of a page that is not looked at.
const standing = () => (!on.value ? "off" : allowed.value === "granted" ? "on" : "sound");

export function Alarms() {
  const state = standing();
  return html`<button type="button" class=${`alarm-switch ${state}`} aria-pressed=${on.value} onClick=${toggle} title=${t(`alarm.${state}.long`)}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1.5a4 4 0 0 0-4 4v3l-1.500 3h11L12 8.500v-3a4 4 0 0 0-4-4zM6.500 13a1.500 1.500 0 0 0 3 0" />${!on.value && html`<path d="M2 2l12 12" />`}</svg>
    ${t(`alarm.${state}`)}</button>`;
}
