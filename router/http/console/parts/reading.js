// What a page reads and keeps up to date: it is read when the page opens, when something else is
// asked for, when a fact concerns it, and when the connection is back.
import { get } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { failed, link, listen } from "../state.js";
import { t } from "../words/index.js";

const GATHER_MS = 60; // what is committed at once comes as several facts
const AGAIN_MS = 500;
const RETRY_MS = 3_000;
const MOST = 500; // of one request

// `read()` gives it; it is read anew when one of `asked` changes and when `concerns(fact)`. An
// older answer never hides a newer one; facts make it be read every `againMs` at most. `value` is null until it is there, and undefined where it
// is not there at all or not to be seen; until another is there, what was read is still shown.
export function useReading(read, asked, concerns, againMs = AGAIN_MS) {
  const [value, setValue] = useState(null);
  const again = useRef(() => {});
  useEffect(() => {
    let ended = false, reading = false, wanted = false, timer = null, at = 0, patience = againMs;
    async function go() {
      timer = null;
      if (reading) { wanted = true; return; }
      reading = true;
      at = Date.now();
      patience = againMs;
      try {
        const found = await read();
        if (!ended) setValue(found);
      } catch (error) {
        if (ended) return;
        if (error.status === 403 || error.status === 404) setValue(undefined);
        else {
          failed(error);
          at = Date.now() + RETRY_MS;
          wanted = link.value !== "lost"; // the next connection reads it
        }
      } finally {
        reading = false;
        if (wanted) { wanted = false; soon(); }
      }
    }
    function soon() {
      if (!ended) timer ||= setTimeout(go, Math.max(GATHER_MS, at + patience - Date.now()));
    }
    again.current = () => { // for who has done something and wants to see it
      patience = 0;
      clearTimeout(timer);
      timer = null;
      soon();
    };
    go();
    const deaf = listen((fact) => { if (concerns(fact)) soon(); });
    let known = link.value;
    const unlinked = link.subscribe((now) => {
      if (now === "live" && known !== "live") soon();
      known = now;
    });
    return () => { ended = true; clearTimeout(timer); deaf(); unlinked(); };
  }, asked);
  return { value, again: () => again.current() };
}

// A list page by page, `count` of it: what the first page says beside it, `rows`, and `more`.
export async function readRows(path, name, params, count) {
  const rows = [];
  let first = null, cursor = "";
  do {
    const page = await get(path, { ...params, limit: Math.min(MOST, count - rows.length), cursor });
    first ||= page;
    rows.push(...page[name]);
    cursor = page.next_cursor;
  } while (cursor && rows.length < count);
  return { ...first, rows, more: Boolean(cursor) };
}

// What stands in a list's place: that it is being read, or that there is nothing.
export function Placeholder({ list, none }) {
  if (!list) return html`<p class="loading" role="status">${t("app.loading")}</p>`;
  return list.rows.length ? null : html`<p class="none">${none}</p>`;
}
