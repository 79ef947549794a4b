// A roster from a file. First is shown what it would change, or all that is wrong with it; nothing
// but what was shown is taken over, and all of it or nothing.
import { part, post } from "../api.js";
import { html, useState } from "../html.js";
import { desk, toast } from "../state.js";
import { language, t, why } from "../words/index.js";
import { Dialog } from "./dialog.js";
import { breaksText, date, dayOf, range, times, weekday } from "./roster_days.js";
import { Clashes, clashKey, nameOf } from "./roster_clashes.js";

export const templateAddress = () => `/v1/roster/template?desk=${part(desk.value)}`;

const BYTES_MOST = 5 * 1024 * 1024, SHOWN = 200;
const CHANGES = ["added", "changed", "removed"];

const send = (file, more) => post(`/v1/roster/import?${new URLSearchParams({ desk: desk.value, name: file.name.slice(-200), ...more })}`,
  file.data, { raw: true });

function Choose({ onFile, busy }) {
  const [over, setOver] = useState(false);
  return html`<label class=${`roster-drop ${over ? "over" : ""}`} onDragOver=${(event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}
    onDrop=${(event) => { event.preventDefault(); setOver(false); onFile(event.dataTransfer.files[0]); }}>
    <span class="as-button">${t("shifts.import.choose")}</span>
    <input type="file" class="hidden" accept=".xlsx,.csv,text/csv" autofocus disabled=${busy} onChange=${(event) => { onFile(event.target.files[0]); event.target.value = ""; }} />
    <small>${t("shifts.import.what")}</small></label>
  <p><a href=${templateAddress()} download>${t("shifts.template")}</a></p>`;
}

// All that is wrong with it, each with its place.
function Problems({ problems }) {
  return html`<p class="problem" role="alert">${t("shifts.import.problems", { n: problems.length })}</p>
    <div class="roster-scroll" tabindex="0" role="region" aria-label=${t("shifts.import.list")}><table class="roster-problems"><thead><tr>
      ${["sheet", "row", "column", "found", "problem"].map((name) => html`<th key=${name} scope="col">${t(`shifts.col.${name}`)}</th>`)}</tr></thead>
    <tbody>${problems.slice(0, SHOWN).map((one, index) => html`<tr key=${index}><td dir="auto">${one.sheet}</td><td>${one.row || "—"}</td><td>${one.column || "—"}</td>
      <td class="wrote" dir="auto">${one.found}</td><td>${language.value === "zh" ? one.zh : one.en}</td></tr>`)}</tbody></table></div>
    ${problems.length > SHOWN && html`<p>${t("shifts.more", { n: problems.length - SHOWN })}</p>`}`;
}

const told = (one) => [times(one), one.name, one.breaks.length && `${t("shifts.breaks")} ${breaksText(one)}`,
  one.sub_accounts.length && one.sub_accounts.join("、")].filter(Boolean).join(" · ");

function Change({ kind, one, names }) {
  const shift = kind === "changed" ? one.after : one;
  const day = dayOf(shift.from_at);
  return html`<tr class=${kind}><td><span class=${`roster-change ${kind}`}>${t(`shifts.kind.${kind}`)}</span></td><td>${date(day)} ${weekday(day)}</td>
    <td dir="auto">${nameOf(names, shift.agent)}</td>
    <td dir="auto">${kind === "changed" && html`<del>${told(one.before)}</del> `}${kind === "removed" ? html`<del>${told(one)}</del>` : kind === "changed" ? html`<ins>${told(shift)}</ins>` : told(shift)}</td></tr>`;
}

function Preview({ found, names }) {
  const [only, setOnly] = useState("");
  const all = CHANGES.flatMap((kind) => found[kind].map((one) => ({ kind, one, at: (one.after || one).from_at })))
    .sort((a, b) => a.at.localeCompare(b.at) || (a.one.after || a.one).agent.localeCompare((b.one.after || b.one).agent));
  const rows = all.filter(({ kind }) => !only || kind === only);
  const last = dayOf(Date.parse(found.to_at) - 1);
  return html`<p class="would">${t("shifts.import.would", { days: range(dayOf(found.from_at), last) })}</p>
    <div class="filters sums-of" role="group" aria-label=${t("work.filter")}>
      ${CHANGES.map((kind) => html`<button key=${kind} type="button" aria-pressed=${only === kind} disabled=${!found[kind].length} class=${kind}
        onClick=${() => setOnly(only === kind ? "" : kind)}>${t(`shifts.kind.${kind}`)} <b>${found[kind].length}</b></button>`)}
      <span>${t("shifts.unchanged")} <b>${found.unchanged}</b></span>
      ${found.passed > 0 && html`<span>${t("shifts.passed")} <b>${found.passed}</b></span>`}</div>
    <${Clashes} clashes=${found.clashes} names=${names} open=${true} />
    ${!all.length && html`<p class="none">${t("shifts.import.nothing")}</p>`}
    ${rows.length > 0 && html`<div class="roster-scroll" tabindex="0" role="region" aria-label=${t("shifts.import.changes")}><table class="roster-changes"><thead><tr>
        ${["change", "day", "agent_name", "shift"].map((name) => html`<th key=${name} scope="col">${t(`shifts.col.${name}`)}</th>`)}</tr></thead>
      <tbody>${rows.slice(0, SHOWN).map(({ kind, one }) => html`<${Change} key=${`${kind} ${clashKey(one.after || one)}`} kind=${kind} one=${one} names=${names} />`)}</tbody></table></div>`}
    ${rows.length > SHOWN && html`<p>${t("shifts.more", { n: rows.length - SHOWN })}</p>`}`;
}

export function RosterImport({ names, onClose }) {
  const [file, setFile] = useState(null); // its name, and what stood in it when it was chosen
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null); // {words, list?}
  const [busy, setBusy] = useState(false);

  async function look(chosen, words = "") {
    setBusy(true);
    setFound(null);
    setProblem(words ? { words } : null);
    setFile(chosen);
    try {
      setFound(await send(chosen, { dry_run: "true" }));
    } catch (error) {
      setProblem({ words: error.reason === "shifts_overlap" ? `${why(error)}:${error.message}` : why(error), list: error.problem?.problems });
    } finally {
      setBusy(false);
    }
  }
  async function choose(chosen) {
    if (!chosen) return;
    if (chosen.size > BYTES_MOST) setProblem({ words: t("shifts.import.large") });
    else await look({ name: chosen.name, data: await chosen.arrayBuffer() });
  }
  async function adopt() {
    setBusy(true);
    try {
      await send(file, { expect: found.digest });
      toast(t("shifts.imported"), "good");
      onClose();
    } catch (error) {
      if (error.reason === "roster_changed") { await look(file, why(error)); return; }
      setProblem({ words: why(error), list: error.problem?.problems });
      setBusy(false);
    }
  }
  const changes = found ? CHANGES.reduce((sum, kind) => sum + found[kind].length, 0) : 0;
  return html`<${Dialog} title=${t("shifts.import.title")} onClose=${onClose} wide=${true}><form class="roster-import" onSubmit=${(event) => { event.preventDefault(); adopt(); }}>
    ${!found && !problem?.list && html`<${Choose} onFile=${choose} busy=${busy} />`}
    ${file && html`<p class="file"><b dir="auto">${file.name}</b> ${busy && !found && html`<span role="status">${t("app.loading")}</span>`}</p>`}
    ${problem && (problem.list ? html`<${Problems} problems=${problem.list} />` : html`<p class="problem" role="alert">${problem.words}</p>`)}
    ${found && html`<${Preview} found=${found} names=${names} />`}
    ${(found || problem?.list) && html`<div class="acts"><button type="button" disabled=${busy} onClick=${() => { setFound(null); setProblem(null); setFile(null); }}>${t("shifts.import.other")}</button>
      ${found && html`<button class="first" disabled=${busy || !changes}>${changes ? t("shifts.import.do", { n: changes }) : t("shifts.import.nothing_short")}</button>`}</div>`}
  </form><//>`;
}
