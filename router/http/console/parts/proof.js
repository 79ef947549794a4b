// Why something was charged, or was not, for anybody to read: what was missed in plain words, then
// what happened with the clock beside it and the place in the log, the rule, and what followed.
import { get, part } from "../api.js";
import { at, serverNow, yuan } from "../clock.js";
import { html } from "../html.js";
import { agentName, seatName, shopName, whoIs as personName } from "../state.js";
import { language, named, t } from "../words/index.js";
import { Marked, cut } from "./flag_marked.js";
import { useReading } from "./reading.js";

const CONCERNS = /^(entry_booked|breach_|flag_|charge_appealed|appeal_answered)/;
// The proof of a ledger entry, a breach or a flag, kept up to date.
export const useProof = (id) => useReading(() => get(`/v1/ledger/${part(id)}/explain`), [id],
  (fact) => CONCERNS.test(fact.type)).value;

const spoken = (words) => (language.value === "zh" ? words.zh : words.en);
// To the second; with its day where that is not today.
const exact = (time) => at(time, Math.abs(serverNow() - Date.parse(time)) < 12 * 3_600_000 ? "time" : "exact");
const Time = ({ of }) => html`<time datetime=${of} title=${of}>${exact(of)}</time>`;

// A sentence of the catalogue, in which times and names stand out, but not the words of `plain`.
function Sentence({ name, values, plain = {} }) {
  return t(name, plain).split(/\{(\w+)\}/).map((text, index) => (index % 2 ? html`<b>${values[text]}</b>` : text));
}

const about = (proof) => proof.breach || proof.flag;
export const chargeOf = (proof) => proof.entries.find((entry) => entry.kind === "charge");

// What it is about, in a few words, and the button that closes it.
export function ProofHead({ proof, onClose }) {
  const { shop, buyer, agent } = about(proof);
  const charge = chargeOf(proof);
  const name = proof.buyer_name || buyer;
  return html`<header>
    <button type="button" class="plain back" onClick=${onClose} aria-label=${t("act.close")}>‹</button>
    <h2 id="proof-title">${named("rule", proof.rule.id)}${charge && html` <span class="money">${yuan(charge.fine_fen)}</span>`}</h2>
    <p>${agent && html`<b>${agentName(agent)}</b>`} ${name && html`<bdi title=${buyer}>${name}</bdi>`} <small>${shopName(shop)}</small></p>
  </header>`;
}

const MISSED = new Set(["reply", "follow_up", "order_check", "refund"]);
function Verdict({ proof }) {
  const { breach, flag, charged } = proof;
  if (flag) {
    return html`<p class="verdict"><${Sentence} name=${flag.end > flag.start && flag.matched ? "proof.flagged" : "proof.lacking"}
      values=${{ agent: agentName(flag.agent), time: exact(flag.sent_at), rule: named("rule", flag.rule), matched: html`<bdi>${flag.matched}</bdi>` }} />
      ${breach && html` <${Charged} proof=${proof} />`}</p>
      ${flag.detail && html`<p class="why" dir="auto">${flag.detail}</p>`}`;
  }
  const steps = proof.reckoning, from = steps.at(-3);
  return html`<p class="verdict"><${Sentence} name=${MISSED.has(breach.rule) ? `proof.missed.${breach.rule}` : "proof.missed"}
    values=${{ from: exact(breach.armed_at), due: exact(breach.due_at), opens: exact(from.at), key: html`<bdi>${breach.key}</bdi>` }} />
    ${" "}<${Charged} proof=${proof} /></p>`;
}

function Charged({ proof }) {
  const { breach, charged } = proof;
  if (!breach.agent || breach.uncharged) return html`${spoken(charged)}${t("proof.uncharged")}`;
  return html`<${Sentence} name="proof.charged" plain=${{ why: spoken(charged) }}
    values=${{ agent: agentName(breach.agent), fine: yuan(breach.fine_fen) }} />`;
}

// What lifted it: late proof, a supervisor, a flag that was none.
function Lifted({ entry }) {
  const [reason, said] = /^(late_proof|flag_dismissed):/.test(entry.why) ? entry.why.split(/:(.*)/s) : ["", entry.why];
  return html`<p class="lifted"><b>${t(`entry.${entry.kind}`)} ${yuan(entry.fine_fen)}</b> <${Time} of=${entry.at} />
    ${entry.by && html` <bdi>${personName(entry.by)}</bdi>`} ${reason && t(`lifted.${reason}`)} ${reason !== "late_proof" && html`<bdi>${said}</bdi>`}</p>`;
}

function Appealed({ appeal }) {
  return html`<div class=${`appeal ${appeal.state}`}>
    <p><b>${t("appeal.says", { agent: agentName(appeal.agent) })}</b> <${Time} of=${appeal.at} /></p>
    <p class="said" dir="auto">${appeal.why}</p>
    ${appeal.state === "open" ? html`<p class="waits">${t("appeal.open")}</p>`
      : html`<p><b>${t(`appeal.${appeal.state}`)}</b> <bdi>${personName(appeal.by)}</bdi> <${Time} of=${appeal.answered_at} /></p>
        <p class="said" dir="auto">${appeal.answer}</p>`}
  </div>`;
}

// What happened

const PERSON = new Set(["message.sent", "message.write"]);
const OTHERS = new Set(["buyer", "bot", "auto", "inspector", "platform"]);
const whoIs = (who) => (OTHERS.has(who) ? t(`who.${who}`) : personName(seatName(who)));

// Whether this line is the message that was flagged: the one that was sent then and says so.
function isFlagged(line, flag) {
  return Boolean(flag) && line.proves && PERSON.has(line.type) && line.sent_at === flag.sent_at
    && (flag.end <= flag.start || cut(line.text, flag.start, flag.end).startsWith(flag.matched.slice(0, 20)));
}

// The inspector's own entry says again what is marked in the message.
const wordsOf = (line) => (line.type === "flag.raised" ? "" : line.text);

const ORDER = { line: 0, held: 1, step: 2 }; // at the same millisecond: what was sent then is in time
function happened(proof) {
  const acts = proof.lines.filter((line) => line.type.startsWith("flag."));
  // Of a flag, the message and people's acts are lines of the log; only what is not there is a step.
  const steps = proof.flag ? proof.reckoning.slice(1).filter((step) => !acts.some((line) => line.sent_at === step.at)) : proof.reckoning;
  const due = proof.flag ? null : proof.reckoning.at(-2);
  const rows = [
    ...proof.lines.map((line) => ({ kind: "line", at: line.sent_at, line })),
    ...proof.holders.map((held) => ({ kind: "held", at: held.at, held })),
    ...steps.map((step) => ({ kind: "step", at: step.at, step, due: step === due })),
  ];
  return rows.sort((a, b) => a.at.localeCompare(b.at) || ORDER[a.kind] - ORDER[b.kind]);
}

function Row({ row, proof }) {
  const { line, held, step } = row;
  const late = line && proof.breach && !proof.flag && line.sent_at > proof.breach.due_at && PERSON.has(line.type) && !OTHERS.has(line.who);
  const flagged = line && isFlagged(line, proof.flag);
  const side = !line ? "" : line.who === "buyer" ? "buyer" : PERSON.has(line.type) ? "shop" : "act";
  const offset = line?.offset || held?.offset;
  return html`<li class=${`${row.kind} ${side} ${row.due ? "due-step" : ""} ${late ? "late" : ""} ${flagged ? "flagged" : ""}`}>
    <span class="clock">${line?.clock || step?.clock || ""}</span>
    <span class="what">
      ${line && html`<small class="who">${whoIs(line.who)}${line.type.startsWith("message.") && line.type !== "message.recalled" ? "" : ` · ${named("line", line.type)}`}${late ? html` <em>${t("proof.late")}</em>` : ""}</small>
        <span class="said" dir="auto">${flagged ? html`<${Marked} text=${line.text} start=${proof.flag.start} end=${proof.flag.end} />` : wordsOf(line)}</span>`}
      ${held && html`<span>${held.agent ? t("proof.held", { agent: agentName(held.agent) }) : t("proof.unheld")} <small>${named("cause", held.cause)}</small></span>`}
      ${step && spoken(step)}
    </span>
    <span class="where"><${Time} of=${row.at} />
      ${offset ? html`<small class=${line?.proves ? "proves" : ""} title=${t(line?.proves ? "proof.proves" : "proof.offset")}>#${offset}</small>` : ""}</span>
  </li>`;
}

function Timeline({ proof }) {
  return html`<h3 id="timeline-title">${t("proof.timeline")}</h3>
    <ol class="timeline" aria-labelledby="timeline-title">${happened(proof).map((row, index) =>
      html`<${Row} key=${`${row.kind}${row.line?.offset ?? row.at}${index}`} row=${row} proof=${proof} />`)}</ol>`;
}

function Rule({ proof }) {
  const costless = proof.policy.some((number) => number.name === "fine" && number.value === "¥0.00");
  const value = ({ name, value: said }) => (name === "charge" ? t(`charge.${said}`)
    : name === "fine" && costless ? t("charge.never") : said.replace(/\.00$/, ""));
  return html`<h3>${t("proof.rule")}</h3>
    <blockquote>${spoken(proof.rule)}</blockquote>
    <dl class="numbers">${proof.policy.filter((number) => !costless || number.name !== "charge").map((number) => html`<div key=${number.name}><dt>${named("number", number.name)}</dt><dd>${value(number)}</dd></div>`)}</dl>
    ${proof.flag?.source && html`<p class="small">${t("flags.source")} <code>${proof.flag.source}</code></p>`}`;
}

function Places({ proof }) {
  const offsets = [...new Set(proof.lines.filter((line) => line.proves).map((line) => line.offset))];
  const ids = [...proof.entries.map((entry) => entry.id), proof.breach?.id, proof.flag?.id].filter(Boolean);
  return html`<p class="small places">${t("proof.places", { ids: ids.join(" "), offsets: offsets.map((offset) => `#${offset}`).join(" ") || "—" })}</p>`;
}

// All of it. `children`: what may be done about it.
export function Proof({ proof, children }) {
  return html`<div class="proof">
    <${Verdict} proof=${proof} />
    ${proof.entries.filter((entry) => entry.kind !== "charge").map((entry) => html`<${Lifted} key=${entry.id} entry=${entry} />`)}
    ${proof.appeal && html`<${Appealed} appeal=${proof.appeal} />`}
    ${children}
    <${Timeline} proof=${proof} />
    <${Rule} proof=${proof} />
    <${Places} proof=${proof} />
  </div>`;
}
