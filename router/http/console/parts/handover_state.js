// What is read of handovers: who hands over to whom and what waits to be taken over, for the
// page and for the notice above every page; and single ones, read again as facts concern them.
import { get } from "../api.js";
import { serverNow } from "../clock.js";
import { batch, computed, effect, signal, useEffect, useRef, useState } from "../html.js";
import { desk, failed, link, listen, me } from "../state.js";
import { useReading } from "./reading.js";

export const duties = signal(null); // shifts by their end, and their handovers; null: not read yet
export const dutiesAt = signal(0); // when they were asked for, by the server's clock
const untaken = signal([]); // handovers that nobody has taken whole, for agents
export const mineId = computed(() => me.value?.agent?.id || "");

const own = computed(() => (duties.value || []).filter((duty) => duty.agent === mineId.value));
// The shift of theirs that is to be handed over, else the one that is on, else the last.
export const ownDuty = computed(() => own.value.find((duty) => duty.owed)
  || own.value.find((duty) => duty.state === "on")
  || own.value.findLast((duty) => duty.state === "over") || own.value[0] || null);
// What they could take over: an agent sees no others; a supervisor who answers buyers, too, does.
export const incoming = computed(() => untaken.value.filter((one) => one.agent !== mineId.value
  && (me.value?.role === "agent" || [mineId.value, ""].includes(one.to))));
export const askedOfMe = computed(() => own.value.filter((duty) => duty.questions > 0));
export const forMe = computed(() => incoming.value.filter((one) => one.to === mineId.value));

// How far a shift's handover has come.
export function stage(duty) {
  if (duty.acknowledged_at) return "done";
  if (duty.handover) return "filed";
  if (duty.owed) return duty.state === "over" ? "late" : "on";
  if (duty.breach) return "missed";
  if (duty.state === "planned") return "planned";
  return duty.state === "on" && !duty.came ? "absent" : "none";
}

const GATHER_MS = { agent: 100, supervisor: 1_000, admin: 1_000 }; // who hears all reads in gulps
const DUTIES_MOST = 300;
let watching = 0; // pages that show it; agents are told on every page
let reading = null, again = false, roundAt = 0;
const concerned = () => Boolean(me.peek()) && (watching > 0 || Boolean(me.peek().agent));
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// All of it, anew; done when it is.
export function readHandovers() {
  again = true;
  reading ||= rounds().finally(() => { reading = null; });
  return reading;
}

async function rounds() {
  while (again && concerned()) {
    // At least for a moment: what is committed at once comes as several facts.
    await pause(Math.max(0, roundAt + GATHER_MS[me.peek().role] - Date.now()));
    if (!me.value) return;
    roundAt = Date.now();
    again = false;
    const of = desk.value, { user, agent } = me.value, asked = serverNow();
    try {
      const [shifts, open] = await Promise.all([
        get("/v1/handovers/duties", { desk: of, limit: DUTIES_MOST }),
        agent && get("/v1/handovers", { desk: of, state: "open", limit: 100 }),
      ]);
      if (desk.value !== of || me.value?.user !== user) continue; // it was another's
      batch(() => {
        duties.value = shifts.duties;
        dutiesAt.value = asked;
        untaken.value = open ? open.handovers : [];
      });
    } catch (error) {
      if (me.value?.user === user && link.value === "live") failed(error);
    }
  }
}

const NAMED = /^(handover_|shift_|roster_|presence_changed$)/;
listen((fact) => { if (NAMED.test(fact.type) && concerned()) readHandovers(); });
effect(() => { if (link.value === "live" && concerned()) readHandovers(); });
effect(() => {
  if (me.value) return;
  duties.value = null;
  untaken.value = [];
});

// For the page: while it is shown, supervisors are told, too.
export function useHandovers() {
  useEffect(() => {
    watching += 1;
    if (link.value === "live") readHandovers();
    return () => { watching -= 1; };
  }, [desk.value]);
}

// What is at `path`, read again when a fact concerns it, or what is shown of it; `put` shows what
// an act has answered until it is read again.
export function useShown(path, concerns) {
  const shown = useRef(null);
  const [acted, setActed] = useState(null);
  const { value } = useReading(() => get(path), [path], (fact) => concerns(fact, shown.current));
  shown.current = acted && acted.after === value ? acted.answer : value;
  return { value: shown.current, put: (answer) => setActed({ after: value, answer }) };
}

// Whether a fact is about one of these lines.
export const aboutLines = (fact, lines) => lines.some((line) => (fact.session && line.ref === fact.session)
  || (fact.buyer && line.buyer === fact.buyer && line.shop === fact.shop));
