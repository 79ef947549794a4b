// The allow-list: phrases that are not flagged, under a rule or all, at a shop or all.
import { del, get, post } from "../api.js";
import { at } from "../clock.js";
import { html, useState } from "../html.js";
import { board, desk, failed, shopName, toast, whoIs } from "../state.js";
import { named, t, why } from "../words/index.js";
import { Dialog } from "./dialog.js";
import { Choice } from "./ledger_period.js";
import { useReading } from "./reading.js";

function Adding({ rules, onDone }) {
  const [rule, setRule] = useState(""), [shop, setShop] = useState(""), [problem, setProblem] = useState("");
  async function add(event) {
    event.preventDefault();
    const form = event.target, words = new FormData(form);
    try {
      await post("/v1/allow-list", { desk: desk.value, phrase: words.get("phrase").trim(), why: words.get("why").trim(), rule, shop });
      form.reset();
      setProblem("");
      onDone();
    } catch (error) {
      setProblem(why(error));
    }
  }
  return html`<form class="tools" onSubmit=${add}>
    <input name="phrase" aria-label=${t("flags.phrase")} placeholder=${t("flags.phrase")} maxlength="200" required dir="auto" autocomplete="off" />
    <${Choice} label=${t("flags.rule")} all=${t("ledger.every_rule")} value=${rule} onChange=${setRule} options=${rules.map((id) => [id, named("rule", id)])} />
    <${Choice} label=${t("col.shop")} all=${t("flags.every_shop")} value=${shop} onChange=${setShop} options=${(board.value?.shops || []).map((one) => [one.id, one.name || one.id])} />
    <input name="why" aria-label=${t("flags.why")} placeholder=${t("flags.why")} maxlength="1000" autocomplete="off" />
    <button class="first">${t("flags.add")}</button>
    <p class="problem" role="alert">${problem}</p>
  </form>`;
}

function Removing({ one, onDone, onClose }) {
  async function remove(event) {
    event.preventDefault();
    try {
      await del(`/v1/allow-list?${new URLSearchParams({ desk: desk.value, phrase: one.phrase, rule: one.rule, shop: one.shop })}`);
      toast(t("flags.removed"), "good");
      onDone();
    } catch (error) {
      failed(error);
    }
    onClose();
  }
  return html`<${Dialog} title=${t("flags.remove")} onClose=${onClose}><form onSubmit=${remove}>
    <p><bdi><b>${one.phrase}</b></bdi> ${t("flags.remove.what")}</p>
    <div class="acts"><button class="first">${t("flags.remove")}</button></div></form><//>`;
}

export function Allowed({ rules }) {
  const [removing, setRemoving] = useState(null);
  const { value: list, again } = useReading(() => get("/v1/allow-list", { desk: desk.value }), [desk.value], (fact) => fact.type === "phrase_listed");
  const rows = [...(list?.allowed || [])].sort((a, b) => b.at.localeCompare(a.at));
  return html`<section class="allowed" aria-labelledby="allowed-title"><h2 id="allowed-title" class="hidden">${t("flags.allowed")}</h2>
    <p class="small">${t("flags.allowed.what")}</p>
    <${Adding} rules=${rules} onDone=${again} />
    ${!list && html`<p class="loading" role="status">${t("app.loading")}</p>`}
    ${list && rows.length === 0 && html`<p class="none">${t("flags.allowed.none")}</p>`}
    ${rows.length > 0 && html`<div class="scroll-y" tabindex="0" role="region" aria-labelledby="allowed-title"><table>
      <thead><tr><th scope="col">${t("flags.phrase")}</th><th scope="col">${t("flags.rule")}</th><th scope="col">${t("col.shop")}</th>
        <th scope="col" class="why">${t("flags.why")}</th><th scope="col" class="by">${t("flags.by")}</th><th scope="col"><span class="hidden">${t("flags.remove")}</span></th></tr></thead>
      <tbody>${rows.map((one) => html`<tr key=${`${one.shop}\n${one.rule}\n${one.phrase}`}>
        <td class="phrase"><bdi>${one.phrase}</bdi></td><td>${one.rule ? named("rule", one.rule) : t("ledger.every_rule")}</td>
        <td>${one.shop ? shopName(one.shop) : t("flags.every_shop")}</td><td class="why" dir="auto">${one.why || "—"}</td>
        <td class="by">${whoIs(one.by)} <small>${at(one.at)}</small></td>
        <td><button type="button" aria-label=${t("flags.remove.one", { phrase: one.phrase })} onClick=${() => setRemoving(one)}>${t("flags.remove.short")}</button></td></tr>`)}</tbody></table></div>`}
    ${removing && html`<${Removing} one=${removing} onDone=${again} onClose=${() => setRemoving(null)} />`}
  </section>`;
}
