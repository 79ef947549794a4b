// Days and times of day as a roster has them: Beijing's, where there is no summer time. A day is
// written 2026-11-22.
import { now } from "../clock.js";
import { computed } from "../html.js";
import { language, t } from "../words/index.js";

export const DAY_MS = 86_400_000, HOUR_MS = 3_600_000, MINUTE_MS = 60_000;
const OFFSET_MS = 8 * HOUR_MS;
const there = (time) => new Date(new Date(time).getTime() + OFFSET_MS).toISOString();

export const dayOf = (time) => there(time).slice(0, 10);
export const clock = (time) => there(time).slice(11, 16);
export const midnight = (day) => Date.parse(`${day}T00:00:00+08:00`);
export const plusDays = (day, n) => dayOf(midnight(day) + n * DAY_MS);
export const monday = (day) => plusDays(day, -((new Date(day).getUTCDay() + 6) % 7));
export const daysFrom = (day, n) => Array.from({ length: n }, (_, index) => plusDays(day, index));
export const today = computed(() => dayOf(now.value));
export const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(midnight(text));
// For the API: a moment of a day.
export const moment = (ms) => new Date(ms).toISOString();

const made = {};
function format(form) {
  const name = `${language.value} ${JSON.stringify(form)}`;
  made[name] ||= new Intl.DateTimeFormat(language.value === "zh" ? "zh-CN" : "en-GB", { ...form, timeZone: "Asia/Shanghai" });
  return made[name];
}
export const weekday = (day) => format({ weekday: "short" }).format(midnight(day));
export const date = (day) => format(language.value === "zh" ? { month: "long", day: "numeric" } : { month: "short", day: "numeric" }).format(midnight(day));
export const range = (first, last) => (first === last ? date(first) : `${date(first)} – ${date(last)}`);

// When a shift ends, as seen from the day on which it begins: 18:00, 24:00, or 06:00 of the next.
export function end(shift) {
  const begun = dayOf(shift.from_at);
  if (dayOf(shift.to_at) === begun) return clock(shift.to_at);
  return Date.parse(shift.to_at) === midnight(plusDays(begun, 1)) ? "24:00" : t("shifts.next_day", { time: clock(shift.to_at) });
}
export const times = (shift) => `${clock(shift.from_at)}–${end(shift)}`;
export const length = (shift) => Date.parse(shift.to_at) - Date.parse(shift.from_at);
export const hours = (ms) => t("shifts.hours", { n: Math.round(ms / HOUR_MS * 10) / 10 });
export const minutes = (ms) => t("minutes", { n: Math.max(1, Math.round(ms / MINUTE_MS)) });
// 12:00-12:30、15:00-15:10
export const breaksText = (shift) => shift.breaks.map((one) => `${clock(one.from_at)}–${clock(one.to_at)}`).join("、");
