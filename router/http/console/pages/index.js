// The console's pages, in the order of the menu. `roles`: who has them; `needsAgent`: only who
// answers buyers. A page's words are `page.{id}`.
import { Board } from "./board.js";
import { Work } from "./work.js";

export const PAGES = [
  { id: "work", Page: Work, needsAgent: true },
  { id: "board", Page: Board, roles: ["supervisor", "admin"] },
];
