// Quick replies as files: a table in, with what is wrong in each of its rows, and out.
import { ask, part } from "../api.js";
import { html, useState } from "../html.js";
import { toast } from "../state.js";
import { language, t, why } from "../words/index.js";
import { Dialog } from "./dialog.js";
import { Menu } from "./menu.js";

const FORMS = { xlsx: "Excel (XLSX)", csv: "CSV", json: "JSON" };

export function Export({ owner }) {
  return html`<${Menu} class="export" label=${html`${t("replies.export")} ▾`}>
    ${Object.entries(FORMS).map(([form, name]) => html`<a key=${form} download
      href=${`/v1/replies/export?owner=${owner}&format=${form}`}>${name}</a>`)}<//>`;
}

export function Import({ owner, onDone, onClose }) {
  const [file, setFile] = useState(null);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState(null);
  const rows = refused?.problem?.problems || [];
  const doubted = refused?.reason === "conduct_warning";
  async function go(confirmed) {
    setBusy(true);
    setRefused(null);
    try {
      const path = `/v1/replies/import?owner=${owner}&name=${part(file.name)}${confirmed ? "&confirmed=true" : ""}`;
      const { added, changed } = await ask("POST", path, file, { raw: true });
      toast(t("replies.imported", { added, changed }), "good");
      onDone();
    } catch (error) {
      setRefused(error);
    } finally {
      setBusy(false);
    }
  }
  return html`<${Dialog} wide=${rows.length > 0} title=${t(`replies.import.${owner}`)} onClose=${onClose}>
    <form class="reply-import" onSubmit=${(event) => { event.preventDefault(); go(false); }}>
      <label>${t("replies.file")}<input type="file" name="file" accept=".xlsx,.csv,.json" required
        onChange=${(event) => { setFile(event.target.files[0] || null); setRefused(null); }} /></label>
      <p class="hint">${t("replies.import.hint")}</p>
      <p class="problem" role="alert">${refused && said(refused, rows.length)}${refused?.problem?.ids && html` <small>${refused.problem.ids.join("、")}</small>`}</p>
      ${rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${t("replies.import.problems")}><table>
        <thead><tr><th scope="col">${t("replies.place")}</th><th scope="col">${t("replies.found")}</th><th scope="col">${t("replies.wrong")}</th></tr></thead>
        <tbody>${rows.map((row, index) => html`<tr key=${index}><td class="place">${row.place}</td><td dir="auto">${row.found}</td>
          <td>${language.value === "zh" ? row.zh : row.en}</td></tr>`)}</tbody></table></div>`}
      <div class="acts">
        ${doubted && html`<button type="button" class="danger" disabled=${busy} onClick=${() => go(true)}>${t("replies.import_anyway")}</button>`}
        <button class="first" disabled=${busy || !file}>${t(busy ? "replies.importing" : "replies.import")}</button></div>
    </form><//>`;
}

function said(error, n) {
  if (error.reason === "conduct_warning") return t("replies.import.doubted", { n });
  if (error.reason === "conduct_blocked") return t("replies.import.blocked", { n });
  return n ? t("replies.import.refused", { n }) : why(error);
}
