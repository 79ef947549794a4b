// The status page: the board, drawn again when facts come, with countdowns that run by themselves.
import { SignedOut, follow, get } from "./live.js";
import { COUNTS, FACTS, PRESENCES, RULES, STATES } from "./words.js";

const SOON_MS = 120_000, SLOWEST_MS = 15_000, FACTS_SHOWN = 60;
// So many commits back the stream begins, so that what happened just now is there to be read.
const RECENT = 30;
const at = (id) => document.getElementById(id);
let token = "", board = null, skew = 0, stop = null, drawing = null;

// Every text goes through textContent: what a buyer is called is never markup.
function make(tag, kind, ...children) {
  const node = document.createElement(tag);
  if (kind) node.className = kind;
  node.append(...children);
  return node;
}
const words = (pair) => [`${pair[0]} `, english(pair[1])];
function english(text) {
  const node = make("small", "", text || "");
  node.lang = "en";
  return node;
}

function due(text) {
  const node = make("span", "due");
  if (text) node.dataset.due = text;
  else node.classList.add("calm");
  tick(node);
  return node;
}
function tick(node) {
  if (!node.dataset.due) { node.textContent = "—"; return; }
  const left = Date.parse(node.dataset.due) - (Date.now() + skew);
  const seconds = Math.floor(Math.abs(left) / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  node.textContent = left < 0 ? `超 ${clock}` : clock;
  node.classList.toggle("late", left < 0);
  node.classList.toggle("soon", left >= 0 && left < SOON_MS);
}

function drawCounts() {
  at("counts").replaceChildren(...COUNTS.map(([key, chinese, text]) => {
    const value = board.counts[key];
    const alarm = value > 0 && (key === "breaches_today" || key === "queued") ? "alarm" : "";
    return make("li", alarm, make("b", "", String(value)), ...words([chinese, text]));
  }));
}
function drawSessions() {
  const rows = board.sessions.map((session) => {
    const first = session.deadlines[0];
    const dueAt = make("td", "", due(session.overdue ? session.waiting_since_at : first?.due_at));
    if (session.overdue) dueAt.append(" ", ...words(["已超时", "overdue"]));
    else if (first) dueAt.append(" ", ...words(RULES[first.rule] || [first.rule, ""]));
    return make("tr", "", dueAt, make("td", "", session.buyer), make("td", "", shop(session.shop)),
      make("td", "", session.agent ? name(session.agent) : "—", " ",
        make("small", "", session.sub_account)),
      make("td", "", ...words(STATES[session.state] || [session.state, ""]),
        session.waiting ? ` · 等 ${session.unanswered}` : ""));
  });
  at("sessions").replaceChildren(...rows);
  at("no-sessions").hidden = rows.length > 0;
}
const shop = (id) => board.shops.find((one) => one.id === id)?.name || id;
const name = (id) => board.agents.find((one) => one.id === id)?.name || id;

function drawAgents() {
  const order = { online: 0, away: 1, offline: 2 };
  const agents = [...board.agents].sort((a, b) => order[a.presence] - order[b.presence]);
  at("agents").replaceChildren(...agents.map((agent) => make("li", "",
    make("span", `presence ${agent.presence}`, agent.name || agent.id),
    make("span", "", ...words(PRESENCES[agent.presence]), agent.reason ? ` ${agent.reason}` : ""),
    make("span", "load", agent.capacity ? `${agent.load} / ${agent.capacity}` : `${agent.load}`))));
}
function drawQueue() {
  const rows = board.queue.map((one) => make("li", "", due(one.due_at), ` ${one.buyer} `,
    make("small", "", `${shop(one.shop)} ${one.kind ? (RULES[one.kind] || [one.kind])[0] : ""}`)));
  at("queue").replaceChildren(...rows);
  at("no-queue").hidden = rows.length > 0;
}
function draw() {
  at("desk").textContent = board.name || board.desk;
  drawCounts(); drawSessions(); drawAgents(); drawQueue();
}
function note(fact) {
  const line = FACTS[fact.type]?.(fact);
  if (!line) return;
  const time = make("time", "", new Date(fact.at_ms).toLocaleTimeString("zh-CN", { hour12: false }));
  const facts = at("facts");
  facts.prepend(make("li", line[2] ? "bad" : "", time, ...words(line)));
  while (facts.childElementCount > FACTS_SHOWN) facts.lastElementChild.remove();
}

async function load() {
  const wanted = new URLSearchParams(location.search).get("desk") || "";
  board = await get(`/v1/board?desk=${encodeURIComponent(wanted)}`, token, stop.signal);
  skew = Date.parse(board.now) - Date.now();
  draw();
  return board.cursor;
}
// Many facts at once cost one look at the board.
function drawSoon(delay = 250) {
  if (drawing) return;
  drawing = setTimeout(() => {
    drawing = null;
    load().catch((error) => { if (error instanceof SignedOut) signOut(error); });
  }, delay);
}
function showLink(live) {
  const link = at("link");
  link.className = live ? "live" : "lost";
  link.replaceChildren(...words(live ? ["实时", "live"] : ["连接断开,重连中", "reconnecting"]));
}

async function enter() {
  stop = new AbortController();
  const { signal } = stop;
  try {
    const cursor = await load();
    sessionStorage.setItem("zhiban-token", token);
    at("login").hidden = true;
    at("board").hidden = at("leave").hidden = false;
    const on = { fact: (fact) => { note(fact); drawSoon(); }, reset: load, state: showLink };
    await follow(board.desk, String(Math.max(1, cursor - RECENT)), token, on, signal);
  } catch (error) {
    if (!signal.aborted) signOut(error);
  }
}
function signOut(error) {
  stop?.abort();
  clearTimeout(drawing);
  drawing = null;
  token = "";
  sessionStorage.removeItem("zhiban-token");
  at("board").hidden = at("leave").hidden = true;
  at("link").className = "";
  at("link").replaceChildren(...words(["未连接", "not connected"]));
  at("login").hidden = false;
  at("login-error").textContent = !error ? ""
    : error instanceof SignedOut ? "令牌无效 invalid token" : `连接失败 ${error.message}`;
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  token = at("token").value.trim();
  at("token").value = "";
  enter();
});
at("leave").addEventListener("click", () => signOut());
setInterval(() => document.querySelectorAll(".due").forEach(tick), 500);
setInterval(() => { if (token && !at("board").hidden) drawSoon(0); }, SLOWEST_MS);

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) history.replaceState(null, "", location.pathname + location.search);
token = given || sessionStorage.getItem("zhiban-token") || "";
if (token) enter();
else at("login").hidden = false;
