// One's own handover before it is filed: what is open as it is at this moment, with a word on each,
// and what is special. What is written stays in this tab until it is filed.
import { get, post } from "../api.js";
import { asLocal, at, fromLocal, now, serverNow, span } from "../clock.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { agentName, agents, desk, me, refresh, shopName, toast } from "../state.js";
import { named, t, why } from "../words/index.js";
import { Countdown } from "./countdown.js";
import { Dialog } from "./dialog.js";
import { LastWords, LineHead, taker } from "./handover_line.js";
import { aboutLines, duties, mineId, readHandovers, useShown } from "./handover_state.js";

const HOUR_MS = 3_600_000;
const EARLY_MS = HOUR_MS / 2; // who files so long before the end is asked whether they mean it
const PHRASES = ["await_buyer", "await_stock", "await_parcel", "await_refund", "explained", "urgent"];
const EMPTY = { note: "", to: "", lines: {}, more: [], without: [] };
const keptAs = (draft) => `zhiban.handover.${draft.agent}.${draft.shift}`;
const isFlag = (line) => line.about === "other" && Boolean(line.ref);

function kept(name) {
  try {
    return { ...EMPTY, ...JSON.parse(sessionStorage.getItem(name) || "{}") };
  } catch {
    return EMPTY;
  }
}

const inAnHour = () => asLocal(Math.ceil((serverNow() + HOUR_MS) / 900_000) * 900_000);

const draftPath = (agent) => `/v1/handovers/draft?${new URLSearchParams({ desk: desk.value, agent })}`;
const concerns = (agent) => (fact, draft) => fact.agent === agent || fact.from_agent === agent
  || (draft ? aboutLines(fact, draft.lines) : false);

export function Draft({ onFiled, children }) {
  const { value: draft } = useShown(draftPath(mineId.value), concerns(mineId.value));
  if (!draft) return html`<p class="loading" role="status">${t(draft === null ? "app.loading" : "handover.gone")}</p>`;
  return html`<${Form} key=${keptAs(draft)} draft=${draft} onFiled=${onFiled}>${children}<//>`;
}

// A supervisor's look at what somebody would hand over now.
export function DraftOf({ agent, children }) {
  const { value: draft } = useShown(draftPath(agent), concerns(agent));
  return html`<article class="handed" aria-labelledby="handover-title">
    <header>${children}<h2 id="handover-title">${t("handover.draft_of", { name: agentName(agent) })}</h2>
      ${draft?.due_at && html`<${Countdown} due=${draft.due_at} label=${t("handover.file_by")} />`}</header>
    ${draft === null && html`<p class="loading" role="status">${t("app.loading")}</p>`}
    ${draft === undefined && html`<p class="none">${t("handover.gone")}</p>`}
    ${draft && html`<p class="hint">${t("handover.draft_of.hint", { name: agentName(agent) })}</p>
      ${draft.lines.length === 0 && html`<p class="none">${t("handover.nothing_open")}</p>`}
      <ul class="lines">${draft.lines.map((line) => html`<li key=${line.ref}><${LineHead} line=${line} /><${LastWords} messages=${line.last} /></li>`)}</ul>`}
  </article>`;
}

function Form({ draft, onFiled, children }) {
  const name = keptAs(draft);
  const [words, setWords] = useState(() => kept(name));
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [early, setEarly] = useState(null);
  const filed = useRef(false);
  const write = (change) => setWords((before) => ({ ...before, ...change }));
  useEffect(() => { if (!filed.current) sessionStorage.setItem(name, JSON.stringify(words)); }, [words]);

  // What was said of something that has ended meanwhile, or went to somebody else, is still told.
  const goneOf = (open) => Object.entries(words.lines)
    .filter(([ref, said]) => said.text.trim() && !open.some((line) => line.ref === ref))
    .map(([ref, said]) => ({ id: ref, about: "other", ...said }));
  const sayOf = (line, text) => setWords((before) => ({
    ...before, lines: { ...before.lines, [line.ref]: { text, shop: line.shop, buyer: line.buyer } },
  }));
  const shown = draft.lines.filter((line) => !words.without.includes(line.ref));
  const silent = shown.filter((line) => !isFlag(line) && !words.lines[line.ref]?.text.trim()).length;
  const change = (id, values) => write({ more: words.more.map((one) => (one.id === id ? { ...one, ...values } : one)) });
  const add = (about) => write({ more: [...words.more, {
    id: `${about}${Date.now()}`, about, text: "", buyer: "", shop: me.value.agent.sub_accounts[0]?.shop || "",
    ...(about === "promise" && { due: inAnHour() }),
  }] });

  const linesOf = (open) => [
    ...open.filter((line) => !words.without.includes(line.ref))
      .map((line) => ({ about: line.about, ref: line.ref, text: words.lines[line.ref]?.text.trim() || "" })),
    ...[...goneOf(open), ...words.more].filter((one) => one.text.trim()).map((one) => ({
      about: one.about, text: one.text.trim(), shop: one.shop, buyer: one.buyer.trim(),
      ...(one.due && { due_at: fromLocal(one.due) }),
    })),
  ];
  const fileThis = (open) => post("/v1/handovers", {
    lines: linesOf(open), note: words.note.trim(), shift: draft.shift, to: words.to,
  });
  async function file() {
    setBusy(true);
    setProblem("");
    setEarly(null);
    try {
      // What has ended since the draft was read is refused: then it is read again, and filed once more.
      const handover = await fileThis(draft.lines).catch(async (error) => {
        if (error.reason !== "not_theirs") throw error;
        return fileThis((await get(draftPath(draft.agent))).lines);
      });
      filed.current = true;
      sessionStorage.removeItem(name);
      toast(t("handover.filed", { to: taker(handover) }), "good");
      await Promise.all([readHandovers(), refresh()]);
      onFiled(handover);
    } catch (error) {
      setProblem(why(error));
      setBusy(false);
    }
  }
  function submit(event) {
    event.preventDefault();
    const ends = duties.value?.find((duty) => duty.shift === draft.shift)?.to_at;
    const left = ends ? Date.parse(ends) - serverNow() : 0;
    if (left > EARLY_MS) setEarly(left);
    else file();
  }
  // Enter goes on to the next line: filing is done once, and not by mistake.
  function pressed(event) {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    const fields = [...event.currentTarget.querySelectorAll("input, textarea")];
    fields[fields.indexOf(event.target) + 1]?.focus();
  }

  const buyers = [...new Map(draft.lines.filter((line) => line.buyer).map((line) => [line.buyer, line.shop]))];
  const others = [...agents.value.values()].filter((agent) => agent.id !== draft.agent);
  return html`<form class="handed draft" onSubmit=${submit} onKeyDown=${pressed} aria-labelledby="handover-title">
    <header>${children}<h2 id="handover-title">${t("handover.write")}</h2>
      <label class="to">${t("handover.to")} <select value=${words.to} onChange=${(event) => write({ to: event.target.value })}>
        <option value="">${draft.to ? t("handover.by_roster", { name: agentName(draft.to) }) : t("handover.nobody_follows")}</option>
        ${others.map((agent) => html`<option key=${agent.id} value=${agent.id}>${agent.name || agent.id} · ${named("presence", agent.presence)}</option>`)}
      </select></label>
      ${draft.due_at && html`<${Countdown} due=${draft.due_at} label=${t("handover.file_by")} />`}</header>
    ${!draft.shift && html`<p class="hint">${t("handover.no_shift")}</p>`}
    <div class="body">
      <h3>${t("handover.open", { n: shown.length })} ${silent > 0 && html`<small>· ${t("handover.silent", { n: silent })}</small>`}</h3>
      ${shown.length === 0 && html`<p class="none">${t("handover.nothing_open")}</p>`}
      <ul class="lines">${shown.map((line) => html`<li key=${line.ref} data-ref=${line.ref}>
        <${LineHead} line=${line} /><${LastWords} messages=${line.last} />
        <div class="say"><input aria-label=${t("handover.say_of", { what: line.buyer || line.ref })} placeholder=${t("handover.say")} dir="auto" maxlength="2000" list="handover-phrases"
          value=${words.lines[line.ref]?.text || ""} onInput=${(event) => sayOf(line, event.target.value)} />
        ${isFlag(line) && html`<button type="button" class="plain" aria-label=${t("handover.leave_out")} title=${t("handover.leave_out")}
          onClick=${() => write({ without: [...words.without, line.ref] })}>×</button>`}</div></li>`)}
        ${goneOf(draft.lines).map((one) => html`<${Extra} key=${one.id} one=${one} onChange=${(said) => sayOf({ ...one, ref: one.id }, said.text)}
          onRemove=${() => sayOf({ ...one, ref: one.id }, "")} />`)}
        ${words.more.map((one) => html`<${Extra} key=${one.id} one=${one} buyers=${buyers} onChange=${(values) => change(one.id, values)}
          onRemove=${() => write({ more: words.more.filter((other) => other !== one) })} />`)}
      </ul>
      <datalist id="handover-buyers">${buyers.map(([id, shop]) => html`<option key=${id} value=${id}>${shopName(shop)}</option>`)}</datalist>
      <datalist id="handover-phrases">${PHRASES.map((phrase) => html`<option key=${phrase} value=${t(`handover.phrase.${phrase}`)} />`)}</datalist>
      <div class="acts adds"><button type="button" onClick=${() => add("promise")}>＋ ${t("handover.about.promise")}</button>
        <button type="button" onClick=${() => add("other")}>＋ ${t("handover.about.other")}</button></div>
      <label class="note">${t("handover.note")}<textarea rows="3" maxlength="10000" dir="auto" placeholder=${t("handover.note.hint")}
        value=${words.note} onInput=${(event) => write({ note: event.target.value })}></textarea></label>
    </div>
    <footer class="acts"><button class="first" disabled=${busy}>${t("handover.file")}</button>
      <p class="problem" role="alert">${problem}</p></footer>
    ${early !== null && html`<${Dialog} title=${t("handover.file")} onClose=${() => setEarly(null)}><div>
      <p>${t("handover.early", { span: span(early) })}</p>
      <div class="acts"><button type="button" onClick=${() => setEarly(null)}>${t("act.cancel")}</button>
        <button type="button" class="first" onClick=${file}>${t("handover.file")}</button></div></div><//>`}
  </form>`;
}

// A line of one's own: a call-back that was promised, or anything else.
function Extra({ one, buyers, onChange, onRemove }) {
  const promise = one.about === "promise";
  const shops = [...new Set(me.value.agent.sub_accounts.map((seat) => seat.shop))];
  const first = useRef(null);
  useEffect(() => { if (!one.text) first.current?.focus(); }, []);
  function buyer(event) {
    const shop = buyers.find(([id]) => id === event.target.value)?.[1];
    onChange({ buyer: event.target.value, ...(shop && { shop }) });
  }
  return html`<li class="extra">
    <div class="what"><span class=${`kind of-${one.about}`}>${t(`handover.about.${one.about}`)}</span>
      ${promise ? html`<input ref=${first} class="who" required list="handover-buyers" aria-label=${t("handover.buyer")} placeholder=${t("handover.buyer")} dir="auto" maxlength="200"
          value=${one.buyer} onInput=${buyer} />
        <select aria-label=${t("col.shop")} value=${one.shop} onChange=${(event) => onChange({ shop: event.target.value })}>
          ${shops.map((id) => html`<option key=${id} value=${id}>${shopName(id)}</option>`)}</select>
        <input type="datetime-local" required aria-label=${t("handover.promised_by")} title=${t("handover.promised_by")} min=${asLocal(now.value)}
          value=${one.due} onInput=${(event) => onChange({ due: event.target.value })} />`
    : one.buyer && html`<b dir="auto">${one.buyer}</b> <small>${shopName(one.shop)}</small>`}</div>
    <div class="say"><input ref=${promise ? null : first} required aria-label=${t(promise ? "handover.promised" : "handover.other_words")} placeholder=${t(promise ? "handover.promised" : "handover.other_words")}
        dir="auto" maxlength=${promise ? 1000 : 2000} value=${one.text} onInput=${(event) => onChange({ text: event.target.value })} />
      <button type="button" class="plain" aria-label=${t("handover.leave_out")} title=${t("handover.leave_out")} onClick=${onRemove}>×</button></div>
  </li>`;
}
