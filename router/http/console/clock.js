// The server's clock, as far as is known, ticking once a second; and how times are written.
import { signal } from "./html.js";

let skewMs = 0;
export const now = signal(Date.now());
export const serverNow = () => Date.now() + skewMs;

export function learn(serverTime) {
  skewMs = Date.parse(serverTime) - Date.now();
  now.value = serverNow();
}
setInterval(() => { now.value = serverNow(); }, 1_000);

const two = (number) => String(number).padStart(2, "0");

// How long until (or, negative, since) a time, as m:ss or h:mm:ss.
export function span(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
  const text = hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
  return ms < 0 ? `-${text}` : text;
}

const FORMATS = {
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
  minute: { hour: "2-digit", minute: "2-digit", hour12: false },
  day: { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false },
  exact: { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
};
const made = {};
// A time in Beijing, where the shops' rules are kept; short where it is of today.
export function at(time, form = "") {
  if (!time) return "";
  const when = new Date(time);
  const same = Math.abs(serverNow() - when) < 12 * 3_600_000;
  const name = form || (same ? "minute" : "day");
  made[name] ||= new Intl.DateTimeFormat("zh-CN", { ...FORMATS[name], timeZone: "Asia/Shanghai" });
  return made[name].format(when);
}
// A time in Beijing as a date-time field has it, and back.
const BEIJING_MS = 8 * 3_600_000;
export const asLocal = (ms) => new Date(ms + BEIJING_MS).toISOString().slice(0, 16);
export const fromLocal = (local) => `${local}:00+08:00`;
export const yuan = (fen) => `${fen < 0 ? "-" : ""}¥${(Math.abs(fen) / 100).toFixed(2).replace(/\.00$/, "")}`;
