// What the pages show: read whole when the stream is opened, then object by object as facts come.
// A fact only says what to read again, so a fact that comes twice, or late, does no harm.
import { SignedOut, get, part, setToken } from "./api.js";
import { learn } from "./clock.js";
import { batch, computed, signal } from "./html.js";
import { follow } from "./live.js";
import { why } from "./words/index.js";

export const me = signal(null); // {user, name, role, desks, agent}; null: not signed in
export const ready = signal(false); // whether it is known who is signed in
export const desk = signal("");
export const link = signal("connecting"); // connecting, live, lost
export const sessions = signal(new Map()); // open ones by id, those that this user may see
export const open = signal(""); // the session whose conversation is shown
export const messages = signal(new Map()); // by session id: its messages, oldest first
export const board = signal(null); // supervisors: the desk at a glance
export const toasts = signal([]);
export const drafts = new Map(); // by session: what was being written there, and the pictures to go with it
// How the last login here has ended: "" (not, or by one's own sign-out), "ended" (somewhere else,
// or by its age), "out" (another page of this browser), "password" (it was changed).
export const left = signal("");

// Pending work: all that an agent holds; supervisors: the desk's.
const items = signal([]);
// That of it which stands in no session here: the buyer has none open, or a colleague has it.
export const apart = computed(() => {
  if (!items.value.length) return [];
  const shown = new Set([...sessions.value.values()].flatMap((one) => one.work.map((item) => item.id)));
  return items.value.filter((item) => !shown.has(item.id));
});

export const supervises = computed(() => me.value !== null && me.value.role !== "agent");
export const agents = computed(() => new Map((board.value?.agents || []).map((a) => [a.id, a])));
export const shopName = (id) => board.value?.shops.find((one) => one.id === id)?.name
  || me.value?.shops?.find((one) => one.id === id)?.name || id;
// What the buyer of a session, or of what else is listed, is called.
export const buyerName = (one) => one.buyer_name || one.buyer;
export const agentName = (id) => agents.value.get(id)?.name
  || (me.value?.agent?.id === id ? me.value.agent.name : "") || id;
const overseers = computed(() => new Map((me.value?.supervisors || []).map((one) => [one.id, one.name])));
// Who has done something: an agent, or a supervisor who is none.
export function whoIs(id) {
  if (id === me.value?.user) return me.value.name || id;
  const agent = agentName(id);
  return agent === id ? overseers.value.get(id) || id : agent;
}
const seats = computed(() => new Map([...agents.value.values()]
  .flatMap((agent) => agent.sub_accounts.map((seat) => [seat.id, agent.id]))));
// Who speaks through a sub-account; its id where that is not known.
export const seatName = (id) => (seats.value.has(id) ? agentName(seats.value.get(id)) : id);

const FACT_LISTENERS = new Set();
// Hear each fact: `listen(fact => …)` gives a function that ends it.
export function listen(heard) {
  FACT_LISTENERS.add(heard);
  return () => FACT_LISTENERS.delete(heard);
}

let stop = null;
// Other pages of this browser share the cookie: what one of them does to it, all must know.
const others = new BroadcastChannel("zhiban.login");
others.addEventListener("message", ({ data: how }) => { whoAmI(how).catch(failed); });
// `how`: "ended" unless it is known better, see `left`.
export const tellOthers = (how = "ended") => others.postMessage(how);

export async function whoAmI(how) {
  try {
    const login = await get("/v1/login");
    await enter(login);
  } catch (error) {
    if (!(error instanceof SignedOut)) throw error;
    leave(how);
  } finally {
    ready.value = true;
  }
}

export async function enter(login) {
  if (me.value && me.value.user !== login.user) leave(); // nothing of theirs is shown
  setToken(login.csrf);
  me.value = await get("/v1/me");
  left.value = "";
  const kept = localStorage.getItem("zhiban.desk");
  desk.value = me.value.desks.includes(kept) ? kept : me.value.desks[0] || "";
  connect();
}

// `how`: see `left`; of what ends one login, the first that is known of it counts.
export function leave(how = "ended") {
  stop?.abort();
  stop = null;
  setToken("");
  batch(() => {
    if (me.value) left.value = how;
    me.value = null;
    sessions.value = new Map();
    messages.value = new Map();
    board.value = null;
    items.value = [];
    open.value = "";
    link.value = "connecting";
  });
  drafts.clear();
  dirty.clear();
  whole = false;
}

export function chooseDesk(name) {
  localStorage.setItem("zhiban.desk", name);
  desk.value = name;
  open.value = "";
  sessions.value = new Map();
  board.value = null;
  items.value = [];
  connect();
}

function connect() {
  stop?.abort();
  if (!desk.value) return;
  stop = new AbortController();
  const { signal: until } = stop;
  link.value = "connecting";
  follow(desk.value, {
    opened: () => { link.value = "live"; refresh(); },
    fact: (fact) => { note(fact); },
    reset: () => { refresh(); },
    lost: () => { link.value = "lost"; },
  }, until).catch((error) => {
    if (error instanceof SignedOut) leave();
    else throw error;
  });
}

// Reading goes on one round after the other, so that an older answer never hides a newer one:
// what facts name while a round is under way is read in the next.
const dirty = new Set(); // sessions to read again
let whole = false; // or everything
let moved = false; // whether the open one may have gone to somebody else
let reading = null;
const ADDRESS_LIMIT = 4_000; // of a request's address: the sessions it names
const ROUND_MS = { agent: 0, supervisor: 60, admin: 60 }; // who sees all of a desk reads in gulps
const RETRY_MS = 2_000;
let roundAt = 0;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// Everything that is shown, read anew; done when it is.
export function refresh() {
  whole = true;
  return read();
}

function read() {
  reading ||= rounds().finally(() => { reading = null; });
  return reading;
}

async function rounds() {
  while (me.value && (whole || dirty.size)) {
    // At least for a moment: what is committed at once comes as several facts.
    await pause(Math.max(0, roundAt + ROUND_MS[me.value?.role] - Date.now()));
    if (!me.value) return;
    roundAt = Date.now();
    const all = whole, wanted = [...dirty], kept = !moved, until = stop;
    whole = false;
    moved = false;
    dirty.clear();
    try {
      if (all) await readAll();
      else await readSessions(wanted, kept);
    } catch (error) {
      if (error instanceof SignedOut) { leave(); return; }
      if (until !== stop) continue; // it was of another desk, or somebody else's
      failed(error);
      whole = true; // what was to be read is not known to be shown
      await pause(RETRY_MS);
      if (link.value === "lost") return; // the next connection reads everything
    }
  }
}

async function readAll() {
  const of = desk.value;
  const [who, list] = await Promise.all([get("/v1/me"), readList("sessions", of), readBoard(), readItems()]);
  if (desk.value !== of || !me.value) return;
  batch(() => {
    me.value = who;
    sessions.value = new Map(list.map((one) => [one.id, one]));
  });
  if (sessions.value.has(open.value)) await readMessages(open.value, "", true);
}

async function readList(name, of) {
  const found = [];
  for (let cursor = ""; cursor !== null;) {
    const page = await get(`/v1/${name}`, { desk: of, limit: 500, cursor });
    found.push(...page[name]);
    cursor = page.next_cursor;
  }
  return found;
}

// `kept`: the open session is still to be seen, so that both can be asked for at once.
async function readSessions(wanted, kept) {
  const of = desk.value;
  const pages = inGulps(wanted).map((ids) => get("/v1/sessions", { desk: of, ids, limit: 500 }));
  const said = kept && wanted.includes(open.value) && sessions.value.has(open.value)
    ? readMessages(open.value, "", true) : null;
  const found = (await Promise.all(pages)).flatMap((page) => page.sessions);
  if (desk.value !== of || !me.value) return;
  const next = new Map(sessions.value);
  for (const id of wanted) next.delete(id); // ended, or somebody else's, unless it was found
  for (const one of found) next.set(one.id, one);
  sessions.value = next;
  await (said || (next.has(open.value) && wanted.includes(open.value) && readMessages(open.value, "", true)));
}

function inGulps(ids) {
  const gulps = [];
  for (const id of ids) {
    const longer = gulps.length ? `${gulps.at(-1)},${id}` : "";
    if (longer && part(longer).length < ADDRESS_LIMIT) gulps[gulps.length - 1] = longer;
    else gulps.push(id);
  }
  return gulps;
}

let boardAsked = 0, boardDue = null;
// Supervisors look at the board; agents need of it only who their colleagues are.
const BOARD_MS = { agent: 20_000, supervisor: 1_000, admin: 1_000 };
export async function readBoard() {
  boardAsked = Date.now();
  const of = desk.value;
  const found = await get("/v1/board", { desk: of, sessions: false });
  if (desk.value !== of || !me.value) return;
  learn(found.now);
  board.value = found;
}
// The board is not read again for each fact, however many come.
function boardSoon() {
  if (boardDue || !me.value) return;
  boardDue = setTimeout(() => {
    boardDue = null;
    if (me.value) readBoard().catch(failed);
  }, Math.max(150, boardAsked + BOARD_MS[me.value.role] - Date.now()));
}

let itemsDue = null;
const ITEMS_MS = { agent: 100, supervisor: 1_000, admin: 1_000 };
async function readItems() {
  const of = desk.value;
  const found = me.value.agent || supervises.value ? await readList("items", of) : [];
  if (desk.value !== of || !me.value) return;
  items.value = found.sort((a, b) => (a.due_at || "9").localeCompare(b.due_at || "9"));
}
// What is settled, or somebody else's now, goes at once; what else there is is read soon.
function noteItem(fact) {
  const gone = fact.type === "item_settled"
    || (fact.type === "item_assigned" && !supervises.value && fact.agent !== me.value?.agent?.id);
  if (gone) items.value = items.value.filter((item) => item.id !== fact.item);
  itemsDue ||= setTimeout(() => {
    itemsDue = null;
    if (me.value) readItems().catch(failed);
  }, ITEMS_MS[me.value?.role] || 0);
}

const STAYS = new Set(["message_noted", "message_recalled", "deadline_armed", "deadline_settled", "deadline_withdrawn", "deadline_warned", "delivery_requested", "delivery_reported"]);
function note(fact) {
  for (const heard of FACT_LISTENERS) heard(fact);
  if (fact.session === open.value && !STAYS.has(fact.type)) moved = true;
  if (fact.session) dirty.add(fact.session);
  else if (fact.buyer) {
    for (const one of sessions.value.values()) {
      if (one.buyer === fact.buyer && one.shop === fact.shop) dirty.add(one.id);
    }
  }
  boardSoon();
  if (fact.item) noteItem(fact);
  if (fact.type === "presence_changed" && fact.agent === me.value?.agent?.id) readMe();
  if (dirty.size) read();
}
const readMe = () => get("/v1/me").then((who) => { me.value = who; }, failed);

const PAGE = 100;
let asked = 0;
const shownAsked = new Map(); // by session: which request's answer is shown
export const earlier = signal(new Map()); // by session: the cursor to what was said before

// The latest messages of a session; with `before`, those before what is shown. `mayBeGone`: a
// session that somebody else has now is no failure.
export async function readMessages(id, before = "", mayBeGone = false) {
  const number = ++asked;
  const found = await get(`/v1/sessions/${part(id)}/messages`, { limit: PAGE, cursor: before })
    .catch((error) => {
      if (mayBeGone && (error.status === 403 || error.status === 404)) return null;
      throw error;
    });
  if (!found) return;
  const known = messages.value.get(id) || [];
  const ids = new Set(found.messages.map((one) => one.id));
  if (before) {
    messages.value = new Map(messages.value).set(id, [...found.messages, ...known.filter((one) => !ids.has(one.id))]);
    earlier.value = new Map(earlier.value).set(id, found.next_cursor);
    return;
  }
  if (number < (shownAsked.get(id) || 0)) return;
  shownAsked.set(id, number);
  const first = found.messages[0]?.offset ?? 0;
  const kept = known.filter((one) => !ids.has(one.id) && one.offset < first);
  const joined = kept.length > 0 && found.next_cursor && known.some((one) => ids.has(one.id));
  messages.value = new Map(messages.value).set(id, joined ? [...kept, ...found.messages] : found.messages);
  if (!joined) earlier.value = new Map(earlier.value).set(id, found.next_cursor);
}

export async function show(id) {
  open.value = id;
  if (id) await readMessages(id).catch(failed);
}

let toastNumber = 0;
// Say something in passing; `kind`: info, good, bad.
export function toast(text, kind = "info") {
  const one = { id: ++toastNumber, text, kind };
  toasts.value = [...toasts.value, one].slice(-4);
  setTimeout(() => {
    toasts.value = toasts.value.filter((other) => other.id !== one.id);
  }, kind === "bad" ? 9_000 : 4_000);
}

export function failed(error) {
  if (error instanceof SignedOut) leave();
  else toast(why(error), "bad");
}
