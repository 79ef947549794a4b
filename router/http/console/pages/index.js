// The console's pages, in the order of the menu. `roles`: who has them; `needsAgent`: only who
// answers buyers; `waits`: how much waits there for who is signed in. A page's words are `page.{id}`.
import { Board } from "./board.js";
import { Charts } from "./charts.js";
import { Flags, flagsWaiting } from "./flags.js";
import { People } from "./people.js";
import { Policy } from "./policy.js";
import { Replies } from "./replies.js";
import { Shifts } from "./shifts.js";
import { Handover, handoversWaiting } from "./handover.js";
import { Ledger, appealsWaiting } from "./ledger.js";
import { Work } from "./work.js";

export const PAGES = [
  { id: "work", Page: Work, needsAgent: true },
  { id: "board", Page: Board, roles: ["supervisor", "admin"] },
  { id: "charts", Page: Charts, roles: ["supervisor", "admin"] },
  { id: "handover", Page: Handover, waits: handoversWaiting },
  { id: "shifts", Page: Shifts },
  { id: "replies", Page: Replies },
  { id: "ledger", Page: Ledger, waits: appealsWaiting },
  { id: "flags", Page: Flags, waits: flagsWaiting },
  { id: "policy", Page: Policy, roles: ["supervisor", "admin"] },
  { id: "people", Page: People, roles: ["admin"] },
];
