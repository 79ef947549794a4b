// Setting an order's remark: which order, what stands there now, the flag and the words.
import { get, post } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { messages, refresh, toast } from "../state.js";
import { named, t, why } from "../words/index.js";
import { Dialog, enterSends } from "./dialog.js";
import { FLAGS, Flag, Standing, ordersOf, remarkPath, remarked } from "./order_remark.js";
import { useReading } from "./reading.js";

const PHRASES = ["address", "variant", "hurry", "courier", "stock", "invoice"];
const CHOICES_MOST = 6;
const TYPING_MS = 300;

// The remark of this order as it is, with what became of it; null: none, or not read yet. Of the
// orders that are known the session says whether there is one.
function useCurrent(one, order, known) {
  const [asked, setAsked] = useState(order);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(order), known.includes(order) ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [order]);
  const has = (number) => one.remarks.find((remark) => remark.order === number);
  const wanted = asked && (has(asked) || !known.includes(asked));
  const { value } = useReading(async () => (wanted ? get(remarkPath(one.shop, asked)) : null),
    [asked, has(asked)?.at], remarked(one.shop, [asked]));
  const kept = has(order);
  if (value?.remark.order === order && (!kept || kept.at === value.remark.at)) return value;
  return kept ? { remark: kept } : null;
}

// `order`: the one that is meant; otherwise the likeliest.
export function RemarkDialog({ one, order: meant, onClose }) {
  const known = ordersOf(one, messages.value.get(one.id) || []);
  const offered = [...new Set([...(meant ? [meant] : []), ...known])].slice(0, CHOICES_MOST);
  const [chosen, setChosen] = useState(offered[0] || "");
  const [typed, setTyped] = useState("");
  const [words, setWords] = useState(null); // what is to stand there; null: untouched
  const [flag, setFlag] = useState(""); // "": untouched
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const box = useRef(null), number = useRef(null);

  const order = chosen || typed.trim();
  const current = useCurrent(one, order, known);
  const { remark, delivery } = current || {};
  const reason = words ?? remark?.reason ?? "";
  const shade = flag || remark?.flag || FLAGS[0];
  // What stands there already is sent again only where it has not arrived, or that is not known.
  const again = remark && reason === remark.reason && shade === remark.flag;
  const ready = !busy && order && reason.trim() && (!again || [null, "failed", "expired"].includes(delivery));

  useEffect(() => { box.current?.setSelectionRange(reason.length, reason.length); }, []);
  function add(phrase) {
    setWords([reason.trimEnd(), phrase].filter(Boolean).join(" "));
    box.current.focus();
  }
  async function save(event) {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    try {
      await post(remarkPath(one.shop, order), { buyer: one.buyer, reason: reason.trim(), flag: shade });
      toast(t("remark.saved"), "good");
      onClose();
      await refresh();
    } catch (error) {
      setProblem(why(error));
      setBusy(false);
    }
  }
  const choice = (value, shown, flagged) => html`<label key=${value} class="pick-one"><input type="radio" name="order" value=${value} checked=${chosen === value}
    onChange=${() => setChosen(value)} onClick=${(event) => { if (event.detail && !value) requestAnimationFrame(() => number.current?.focus()); }} /><span class="order">${shown}</span>${flagged && html`<${Flag} of=${flagged} /><span class="hidden">${named("remark.flag", flagged)}</span>`}</label>`;
  return html`<${Dialog} title=${t("remark.title")} onClose=${onClose}><form class="order-work" onSubmit=${save}>
    <fieldset><legend>${t("remark.order")}</legend>
      ${offered.length > 0 && html`<div class="picks">
        ${offered.map((each) => choice(each, each, one.remarks.find((other) => other.order === each)?.flag))}
        ${choice("", t("remark.other"))}</div>`}
      ${!chosen && html`<input name="number" ref=${number} required maxlength="200" aria-label=${t("remark.number")} placeholder=${t("remark.number")} autocomplete="off" autofocus=${!offered.length}
        value=${typed} onInput=${(event) => setTyped(event.target.value)} />`}</fieldset>
    ${remark && html`<div class="present"><p><${Flag} of=${remark.flag} /> <b>${t("remark.now")}</b> <${Standing} remark=${remark} delivery=${delivery} /></p>
      ${reason !== remark.reason && html`<p class="words" dir="auto">${remark.reason}</p>`}
      ${remark.buyer !== one.buyer && html`<p class="problem">${t("remark.of_other", { buyer: remark.buyer })}</p>`}</div>`}
    <fieldset><legend>${t("remark.flags")}</legend><div class="picks">
      ${FLAGS.map((each) => html`<label key=${each} class="pick-one"><input type="radio" name="flag" value=${each} checked=${shade === each}
        onChange=${() => setFlag(each)} /><${Flag} of=${each} /> ${named("remark.colour", each)}</label>`)}</div></fieldset>
    <label>${t("remark.words")}<textarea name="reason" ref=${box} rows="3" required maxlength="1000" dir="auto" autofocus=${offered.length > 0} placeholder=${t("remark.hint")}
      value=${reason} onInput=${(event) => setWords(event.target.value)} onKeyDown=${enterSends}></textarea></label>
    <div class="phrases" role="group" aria-label=${t("remark.phrases")}>${PHRASES.map((each) => html`<button key=${each} type="button"
      onClick=${() => add(t(`remark.phrase.${each}`))}>${t(`remark.phrase.${each}`)}</button>`)}</div>
    <p class="problem" role="alert">${problem}</p>
    <div class="acts"><small>${t("remark.goes")}</small><button class="first" disabled=${!ready}>${t(again && ready ? "remark.again" : "act.save")}</button></div>
  </form><//>`;
}
