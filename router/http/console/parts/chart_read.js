// A day's figures, as the server has them: read anew, not too often, while the day goes on.
import { get } from "../api.js";
import { desk } from "../state.js";
import { useReading } from "./reading.js";
import { today } from "./roster_days.js";

const PACE_MS = 2_000, PATIENCE_MS = 2_000, TRIES = 60;
const OF_A_DAY = new Set(["message_noted", "message_recalled", "session_opened", "session_closed", "session_queued", "session_assigned",
  "deadline_missed", "deadline_withdrawn", "breach_sealed", "breach_reversed"]);
const OF_ANY_DAY = new Set(["breach_sealed", "breach_reversed"]);

// An older day may have to be put together from the archive first.
async function read(day, shop) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await get("/v1/stats", { desk: desk.value, day, shop });
    } catch (error) {
      if (error.reason !== "counting" || tries === TRIES) throw error;
      await new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS); });
    }
  }
}

// null until it is there; `day` that is to come has none.
export function useDay(day, shop = "", paceMs = PACE_MS) {
  const heard = day === today.value ? OF_A_DAY : OF_ANY_DAY;
  const { value } = useReading(() => read(day, shop), [desk.value, day, shop], (fact) => heard.has(fact.type), paceMs);
  return value?.day === day && value.desk === desk.value ? value : null;
}
