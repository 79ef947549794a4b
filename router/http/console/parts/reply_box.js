// Writing an answer. Enter sends, Shift+Enter breaks the line, `/` searches the quick replies.
// What the rules of conduct object to is shown before it is sent. A quick reply's pictures are sent
// behind its text, a message each.
import { get, part, post } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { drafts, readMessages, toast } from "../state.js";
import { named, t, why } from "../words/index.js";
import { Pictures, pieces } from "./reply_text.js";
import { SendActs } from "./send_acts.js";

// `crypto.randomUUID` is missing where the console is reached by plain http over a network.
const freshKey = () => [...crypto.getRandomValues(new Uint8Array(16))]
  .map((byte) => byte.toString(16).padStart(2, "0")).join("");
const SEARCH_MS = 120;

// `sender.current(bodies)` sends what does not stand in the box: a card, a lost message once more.
export function ReplyBox({ one, sender }) {
  const [text, setText] = useState(drafts.get(one.id)?.text || "");
  const [pictures, setPictures] = useState(drafts.get(one.id)?.pictures || []);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [warned, setWarned] = useState(null); // what the rules object to, and in what beside the box
  const [found, setFound] = useState([]);
  const [chosen, setChosen] = useState(0);
  const [category, setCategory] = useState("");
  const box = useRef(null), keys = useRef(new Map()); // by message: what did not go through keeps its key
  const searching = text.startsWith("/");

  useEffect(() => { box.current?.focus(); }, []);
  useEffect(() => {
    if (!searching) { setFound([]); return undefined; }
    const timer = setTimeout(() => {
      get("/v1/replies", { q: text.slice(1), shop: one.shop, session: one.id, limit: 7 })
        .then((answer) => { setFound(answer.replies); setChosen(0); }, () => setFound([]));
    }, SEARCH_MS);
    return () => clearTimeout(timer);
  }, [text]);

  useEffect(() => {
    if (text || pictures.length) drafts.set(one.id, { text, pictures });
    else drafts.delete(one.id);
  }, [text, pictures]);
  useEffect(() => { document.getElementById(`found-${chosen}`)?.scrollIntoView({ block: "nearest" }); }, [chosen]);

  function write(value) {
    setText(value);
    setProblem("");
    setWarned(null);
    keys.current.clear();
  }
  function take(reply) {
    write(reply.filled ?? reply.text);
    setPictures(reply.pictures);
    setCategory(reply.category);
    post(`/v1/replies/${part(reply.id)}/used`).catch(() => {}); // a count: nothing is lost with it
    box.current.focus();
    if (reply.missing.length) askFor(reply);
  }
  // What is not known of the session is for the agent to fill in: the first such place is selected.
  function askFor({ filled, missing }) {
    setProblem(t("reply.missing", { names: missing.map((name) => t(`replies.slot.${name}`)).join("、") }));
    let start = 0;
    for (const piece of pieces(filled)) {
      const from = start;
      start += piece.text.length;
      if (missing.includes(piece.slot)) {
        requestAnimationFrame(() => box.current?.setSelectionRange(from, from + piece.text.length));
        return;
      }
    }
  }
  // What stands in the box: one message after the other, so that what is refused holds up the rest.
  const written = () => (searching ? [] : [...(text.trim() ? [{ kind: "text", text, ...(category && { category }) }] : []),
    ...pictures.map((url) => ({ kind: "image", url }))]);
  async function send(confirmed = false, beside = null) {
    const bodies = beside || written();
    if (busy || !bodies.length) return;
    let sent = 0, name = "";
    setBusy(true);
    setProblem("");
    setWarned(null);
    try {
      for (const body of bodies) {
        name = JSON.stringify(body);
        if (!keys.current.has(name)) keys.current.set(name, freshKey());
        await post(`/v1/sessions/${part(one.id)}/messages`, confirmed ? { ...body, confirmed: true } : body,
          { headers: { "Idempotency-Key": keys.current.get(name) } });
        keys.current.delete(name);
        sent += 1;
        if (beside) continue;
        drafts.delete(one.id);
        if (body.kind === "text") { write(""); setCategory(""); } else setPictures((left) => left.slice(1));
      }
      await readMessages(one.id);
    } catch (error) {
      if (error.reason === "conduct_warning") {
        setWarned({ findings: error.problem.findings || [], beside: beside && beside.slice(sent) });
        keys.current.delete(name);
      } else if (error.reason === "conduct_blocked") {
        setProblem(`${t("conduct.blocked")} ${(error.problem.findings || []).map((one) => named("rule", one.rule)).join("、")}`);
        keys.current.delete(name);
      } else setProblem(why(error)); // the same key again: what was sent is not sent twice
    } finally {
      setBusy(false);
      box.current?.focus();
    }
  }
  function pressed(event) {
    if (event.isComposing) return;
    if (found.length && searching) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        setChosen((chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
        return;
      }
      if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); take(found[chosen]); return; }
    }
    if (event.key === "Escape" && searching) { event.stopPropagation(); write(""); return; }
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); send(); }
  }
  const order = one.deadlines.find((due) => due.rule === "order_check")?.key || "";
  sender.current = (bodies) => send(false, bodies);
  const checkOrder = () => {
    if (!order) { toast(t("work.no_order")); return; }
    send(false, [{ kind: "order_card", order, text: t("work.order_check.text", { order }) }]);
  };
  useEffect(() => { // wherever the focus is
    function keyed(event) {
      if (!event.altKey || event.code !== "KeyK" || event.isComposing || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      checkOrder();
    }
    addEventListener("keydown", keyed);
    return () => removeEventListener("keydown", keyed);
  });
  return html`<form class="reply" onSubmit=${(event) => { event.preventDefault(); send(); }}>
    ${found.length > 0 && html`<ul class="found" role="listbox" id="found" tabindex="0" aria-label=${t("reply.found")}>
      ${found.map((reply, index) => html`<li key=${reply.id} id=${`found-${index}`} role="option" aria-selected=${index === chosen}
        onMouseDown=${(event) => { event.preventDefault(); take(reply); }}>
        <b>${reply.title}</b> <small>${reply.category_name || reply.category}${reply.pictures.length > 0 && ` · ${t("reply.pictures", { n: reply.pictures.length })}`}</small><p dir="auto">${reply.filled ?? reply.text}</p></li>`)}
    </ul>`}
    ${warned && html`<div class="warnings" role="alert"><p>${t("conduct.warning")}</p>
      <ul>${warned.findings.map((one, index) => html`<li key=${index}><b>${named("rule", one.rule)}</b> ${one.matched} <small>${one.detail}</small></li>`)}</ul>
      <button type="button" class="danger" onClick=${() => send(true, warned.beside)}>${t("conduct.send_anyway")}</button></div>`}
    <label class="hidden" for="reply-text">${t("reply.label")}</label>
    <textarea id="reply-text" ref=${box} rows="3" maxlength="20000" value=${text} dir="auto" placeholder=${t("reply.hint")}
      aria-controls=${found.length ? "found" : undefined} aria-autocomplete="list"
      aria-activedescendant=${found.length ? `found-${chosen}` : undefined}
      onInput=${(event) => write(event.target.value)} onKeyDown=${pressed}></textarea>
    ${pictures.length > 0 && html`<div class="to-send"><${Pictures} urls=${pictures} />
      <button type="button" class="plain" onClick=${() => setPictures([])}>${t("reply.no_pictures")}</button></div>`}
    <div class="acts">
      <${SendActs} one=${one} send=${(bodies) => send(false, bodies)} />
      ${order && html`<button type="button" onClick=${checkOrder} aria-keyshortcuts="Alt+K">${t("act.check_order", { order })}</button>`}
      <p class="problem" role="alert">${problem}</p>
      <button class="first" disabled=${busy || !written().length}>${t("act.send")}</button>
    </div>
  </form>`;
}
