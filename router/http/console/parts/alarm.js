// Says when a deadline comes near: a short sound, and a notification where the page is not seen.
// When the shop's rules warn, and once more in the last minute. A hidden page's clock may stand
// still for a minute, the server's warnings come all the same. Browsers want a click before either; the choice is kept in this browser.
import { now, serverNow } from "../clock.js";
import { effect, html, signal } from "../html.js";
import { buyerName, listen, me, sessions } from "../state.js";
import { named, t } from "../words/index.js";

const BEFORE_MS = 60_000, KEY = "zhiban.alarm";
const told = new Set();
export const on = signal(localStorage.getItem(KEY) === "on");
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
      if (on.value) ring(one, due);
    }
  }
});

listen((fact) => {
  if (fact.type !== "deadline_warned" || !on.value || fact.agent !== me.value?.agent?.id) return;
  if (fact.due_ms <= serverNow()) return; // heard late, after a break
  ring(sessions.value.get(fact.session) || { id: fact.session, buyer: fact.buyer }, fact);
});

function ring(one, due) {
  audio ||= new AudioContext();
  const tone = audio.createOscillator(), volume = audio.createGain();
  tone.frequency.value = 880;
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.4);
  if (document.hidden && globalThis.Notification?.permission === "granted") {
    new Notification(t("alarm.title", { rule: named("rule", due.rule) }), { body: buyerName(one), tag: one.id });
  }
}

async function toggle() {
  on.value = !on.value;
  localStorage.setItem(KEY, on.value ? "on" : "off");
  if (on.value && globalThis.Notification?.permission === "default") await Notification.requestPermission();
}

export function Alarms() {
  return html`<button type="button" class="plain alarm" aria-pressed=${on.value} onClick=${toggle}>
    ${t(on.value ? "alarm.on" : "alarm.off")}</button>`;
}
