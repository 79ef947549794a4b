// A quick reply as a form, with how it will read beside it. The rules of conduct are asked when it
// is saved: what they forbid is not kept, and what they doubt only when somebody says so again.
import { part, post, put } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { board, toast } from "../state.js";
import { language, named, t, why } from "../words/index.js";
import { Dialog } from "./dialog.js";
import { PLACEHOLDERS, Preview, pieces, written } from "./reply_text.js";

const LIMITS = { title: 60, scenario: 60, shortcut: 20, text: 2_000 };
const EMPTY = { category: "greeting", title: "", shortcut: "", scenario: "", text: "", pictures: [], shops: [] };

const words = (value) => value.trim().split(/\s+/).filter(Boolean);
const oneLine = (value) => words(value).join(" ");

// `reply` is what it was, with an id when it is kept already; `onSaved(reply, isNew)`.
export function Edit({ reply, owner, categories, onSaved, onClose }) {
  const [value, setValue] = useState({ ...EMPTY, ...reply });
  const [pictures, setPictures] = useState((reply.pictures || []).join("\n"));
  const [faults, setFaults] = useState({});
  const [problem, setProblem] = useState("");
  const [findings, setFindings] = useState(null); // {blocked, list}
  const [busy, setBusy] = useState(false);
  const changed = useRef(false), leaving = useRef(false), box = useRef(null), caret = useRef(null);
  const urls = words(pictures);
  const bad = pieces(value.text).filter((piece) => piece.bad);
  const shops = known(value.shops);

  useEffect(() => { // after a placeholder was put in, go on writing behind it
    if (caret.current === null) return;
    box.current.focus();
    box.current.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [value.text]);

  function edit(field, next) {
    changed.current = true;
    leaving.current = false;
    setValue({ ...value, [field]: next });
    setFaults({ ...faults, [field]: undefined });
    setFindings(null);
    setProblem("");
  }
  function insert(name) {
    const { selectionStart: from, selectionEnd: to } = box.current;
    caret.current = from + written(name).length;
    edit("text", value.text.slice(0, from) + written(name) + value.text.slice(to));
  }
  function close() {
    if (!changed.current || leaving.current) { onClose(); return; }
    leaving.current = true; // nothing that was written is lost by one key
    setProblem(t("replies.unsaved"));
  }
  async function save(confirmed) {
    setBusy(true);
    const body = { owner, category: value.category, title: oneLine(value.title), shortcut: oneLine(value.shortcut),
      scenario: oneLine(value.scenario), text: value.text.trim(), pictures: urls, shops: value.shops, confirmed };
    try {
      const saved = await (reply.id ? put(`/v1/replies/${part(reply.id)}`, body) : post("/v1/replies", body));
      toast(t("replies.saved"), "good");
      onSaved(saved, !reply.id);
    } catch (error) {
      refused(error);
    } finally {
      setBusy(false);
    }
  }
  function refused(error) {
    const { faults: wrong, findings: found } = error.problem || {};
    if (found) setFindings({ blocked: error.reason === "conduct_blocked", list: found });
    else if (wrong) {
      setFaults(Object.fromEntries(wrong.map((one) => [one.field, language.value === "zh" ? one.zh : one.en])));
      setProblem(why(error));
    } else setProblem(why(error));
  }

  const field = (name, more = {}) => html`<div><label>${t(`replies.${name}`)}
    <input name=${name} value=${value[name]} maxlength=${LIMITS[name]} aria-invalid=${Boolean(faults[name])} dir="auto"
      aria-describedby=${faults[name] ? `fault-${name}` : undefined} ...${more} onInput=${(event) => edit(name, event.target.value)} /></label>
    <${Fault} name=${name} faults=${faults} /></div>`;
  return html`<${Dialog} wide title=${t(`replies.${reply.id ? "edit" : "new"}.${owner}`)} onClose=${close}>
    <form class="reply-edit" onSubmit=${(event) => { event.preventDefault(); save(false); }}>
      <div class="fields">
        ${field("title", { required: true, autofocus: true })}
        <div class="pair">
          <label>${t("replies.category")}<select name="category" value=${value.category} onChange=${(event) => edit("category", event.target.value)}>
            ${categories.map(({ id }) => html`<option key=${id} value=${id}>${named("replies.category", id)}</option>`)}</select></label>
          ${field("shortcut", { placeholder: t("replies.shortcut.hint") })}
        </div>
        ${field("scenario", { placeholder: t("replies.scenario.hint") })}
        <label>${t("replies.text")}
          <textarea name="text" ref=${box} rows="6" required maxlength=${LIMITS.text} value=${value.text} dir="auto"
            aria-invalid=${Boolean(faults.text)} aria-describedby=${faults.text ? "fault-text" : undefined}
            onInput=${(event) => edit("text", event.target.value)}></textarea></label>
        <${Fault} name="text" faults=${faults} />
        <div class="slots" role="group" aria-label=${t("replies.insert")}><small>${t("replies.insert")}</small>
          ${PLACEHOLDERS.map((name) => html`<button key=${name} type="button" onClick=${() => insert(name)}>${t(`replies.slot.${name}`)}</button>`)}
          <small class="left">${value.text.length} / ${LIMITS.text}</small></div>
        <label>${t("replies.pictures")}<textarea name="pictures" rows="2" value=${pictures} dir="ltr"
          aria-invalid=${Boolean(faults.pictures)} aria-describedby=${faults.pictures ? "fault-pictures" : undefined}
          onInput=${(event) => { setPictures(event.target.value); edit("pictures", words(event.target.value)); }}></textarea></label>
        <${Fault} name="pictures" faults=${faults} />
        ${shops.length > 1 && html`<fieldset class="shops"><legend>${t("replies.shops")}</legend>
          ${shops.map((shop) => html`<label key=${shop.id} class="choice"><input type="checkbox" checked=${value.shops.includes(shop.id)}
            onChange=${(event) => edit("shops", event.target.checked ? [...value.shops, shop.id] : value.shops.filter((id) => id !== shop.id))} />
            ${shop.name || shop.id}</label>`)}<${Fault} name="shops" faults=${faults} /></fieldset>`}
      </div>
      <div class="beside">
        <h3>${t("replies.preview")}</h3>
        ${value.text || urls.length ? html`<${Preview} text=${value.text} pictures=${urls} shops=${value.shops} />`
    : html`<p class="none">${t("replies.preview.none")}</p>`}
        <p class="problem" role="status">${bad.length > 0 && t("replies.bad_slot", { found: bad.map((piece) => piece.text).join(" ") })}</p>
        <${Findings} found=${findings} busy=${busy} onConfirm=${() => save(true)} />
        <p class="problem" role="alert">${problem}</p>
      </div>
      <div class="acts"><button type="button" onClick=${onClose}>${t("act.cancel")}</button>
        <button class="first" disabled=${busy}>${t("act.save")}</button></div>
    </form><//>`;
}

// The shops to choose from, and those that it was for and that are not here.
function known(chosen) {
  const shops = board.value?.shops || [];
  return [...shops, ...chosen.filter((id) => !shops.some((one) => one.id === id)).map((id) => ({ id }))];
}

const Fault = ({ name, faults }) => faults[name] && html`<small class="problem" id=${`fault-${name}`}>${faults[name]}</small>`;

function Findings({ found, busy, onConfirm }) {
  const box = useRef(null);
  useEffect(() => { box.current?.scrollIntoView({ block: "nearest" }); }, [found]);
  if (!found) return null;
  return html`<div ref=${box} class=${`warnings ${found.blocked ? "blocked" : ""}`} role="alert">
    <p><b>${t(found.blocked ? "replies.blocked" : "replies.warning")}</b></p>
    <ul>${found.list.map((one, index) => html`<li key=${index}><b>${named("rule", one.rule)}</b>${" "}
      ${one.matched && html`<mark class="bad">${one.matched}</mark>`} <small>${one.detail}</small></li>`)}</ul>
    ${!found.blocked && html`<button type="button" class="danger" disabled=${busy} onClick=${onConfirm}>${t("replies.save_anyway")}</button>`}
  </div>`;
}
