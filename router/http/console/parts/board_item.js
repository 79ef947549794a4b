// To a piece of work from wherever the board names it: its buyer's conversation, where one is open,
// else its own row, which stands on the board.
import { html, signal, useEffect } from "../html.js";
import { buyerName, sessions, show, toast } from "../state.js";
import { t } from "../words/index.js";

const wanted = signal(null); // {item}: another each time, so that it can be asked for again
export const isWanted = (item) => wanted.value?.item === item.id;

export const sessionOf = (one) => (one.session ? sessions.value.get(one.session)
  : [...sessions.value.values()].find((each) => each.buyer === one.buyer && each.shop === one.shop));

// `one` names a buyer and a shop; `item` is the id of the work, where it is about any.
export function goTo(one, item = "") {
  const session = sessionOf(one);
  if (session) show(session.id);
  else if (item) wanted.value = { item };
  else toast(t("work.gone"));
}

// Finds the row that is wanted, once it is there to be found.
export function Wanted() {
  const { value } = wanted;
  useEffect(() => {
    if (!value) return;
    const row = document.querySelector(`.board [data-item="${CSS.escape(value.item)}"]`);
    if (!row) { toast(t("board.item_gone")); return; }
    row.tabIndex = -1;
    row.scrollIntoView({ block: "center" });
    row.focus();
  }, [value]);
  useEffect(() => () => { wanted.value = null; }, []);
  return null;
}

export const Buyer = ({ one, item = "" }) => html`<button type="button" class="plain" onClick=${() => goTo(one, item)} dir="auto" title=${one.buyer}>${buyerName(one)}</button>`;
