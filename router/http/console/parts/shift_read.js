// What these pages read beside the board.
import { get } from "../api.js";
import { desk } from "../state.js";
import { moment } from "./roster_days.js";
import { readRows, useReading } from "./reading.js";

const PLANNED = new Set(["roster_planned", "shift_changed", "desk_adopted"]);
const NOTED = new Set(["shift_began", "shift_ended", "attendance_noted", "handover_filed", "handover_acknowledged"]);
const SHIFTS_MOST = 5_000; // of a page
export const tellsOfPlans = (fact) => PLANNED.has(fact.type);
export const tellsOfShifts = (fact) => PLANNED.has(fact.type) || NOTED.has(fact.type);
export const tellsOfPresence = (fact) => tellsOfShifts(fact) || fact.type === "presence_changed";

export const readShifts = (params) => readRows("/v1/shifts", "shifts", { desk: desk.value, ...params }, SHIFTS_MOST)
  .then((found) => found.rows);

// The shifts that touch a stretch of time.
export const useShifts = (fromMs, toMs, tells) => useReading(
  () => readShifts({ from: moment(fromMs), to: moment(toMs) }), [desk.value, fromMs, toMs], tells);

export const useNames = () => useReading(() => get("/v1/roster/names", { desk: desk.value }), [desk.value],
  (fact) => fact.type === "desk_adopted").value;

export const useClashes = (fromMs, toMs) => useReading(
  () => get("/v1/roster/clashes", { desk: desk.value, from: moment(fromMs), to: moment(toMs) }).then((found) => found.clashes),
  [desk.value, fromMs, toMs], tellsOfPlans);
