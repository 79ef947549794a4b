// The proof of an entry beside the list, with what may be done: an agent appeals against their
// own charge, a supervisor waives another's or answers the appeal.
import { part, post } from "../api.js";
import { html, useState } from "../html.js";
import { me, supervises, toast } from "../state.js";
import { t, why } from "../words/index.js";
import { WithReason } from "./conversation.js";
import { Proof, ProofHead, chargeOf, useProof } from "./proof.js";

function Answer({ appeal }) {
  const [problem, setProblem] = useState(""), [busy, setBusy] = useState(false);
  async function answer(event) {
    event.preventDefault();
    const accepted = event.submitter.value === "accepted";
    const words = new FormData(event.target).get("why").trim();
    setBusy(true);
    setProblem("");
    try {
      await post(`/v1/appeals/${part(appeal.id)}/answer`, { accepted, why: words });
      toast(t(accepted ? "appeal.accepted" : "appeal.refused"), "good");
    } catch (error) {
      setProblem(why(error));
    } finally {
      setBusy(false);
    }
  }
  return html`<form class="answer" onSubmit=${answer}>
    <label>${t("appeal.answer")}<input name="why" maxlength="1000" required autocomplete="off" /></label>
    <p class="problem" role="alert">${problem}</p>
    <div class="acts"><button class="first" value="accepted" disabled=${busy}>${t("appeal.accept")}</button>
      <button value="refused" disabled=${busy}>${t("appeal.refuse")}</button></div>
  </form>`;
}

function Acts({ proof }) {
  const [asking, setAsking] = useState("");
  const { breach, appeal } = proof, charge = chargeOf(proof);
  if (!charge || breach.reversed || breach.waived) return null;
  const own = breach.agent === me.value.agent?.id;
  if (appeal?.state === "open" && supervises.value && !own) return html`<${Answer} key=${appeal.id} appeal=${appeal} />`;
  const done = (act, said) => async (reason) => { await act(reason); toast(t(said), "good"); };
  return html`<div class="acts">
    ${own && !appeal && html`<button type="button" onClick=${() => setAsking("appeal")}>${t("appeal.do")}</button>`}
    ${supervises.value && !own && html`<button type="button" onClick=${() => setAsking("waive")}>${t("ledger.waive")}</button>`}
    ${asking === "appeal" && html`<${WithReason} title=${t("appeal.do")} label=${t("appeal.why")} onClose=${() => setAsking("")}
      act=${done((reason) => post(`/v1/ledger/${part(charge.id)}/appeal`, { why: reason }), "appeal.sent")} />`}
    ${asking === "waive" && html`<${WithReason} title=${t("ledger.waive")} label=${t("ledger.waive.why")} onClose=${() => setAsking("")}
      act=${done((reason) => post(`/v1/breaches/${part(breach.id)}/waive`, { why: reason }), "ledger.waived")} />`}
  </div>`;
}

export function LedgerProof({ id, onClose }) {
  const proof = useProof(id);
  if (!proof) {
    return html`<section class="proof-panel"><p class=${proof === null ? "loading" : "none"} role="status">${t(proof === null ? "app.loading" : "proof.gone")}</p>
      ${proof === undefined && html`<button type="button" onClick=${onClose}>${t("act.back")}</button>`}</section>`;
  }
  return html`<section class="proof-panel" aria-labelledby="proof-title" data-proof=${id}>
    <${ProofHead} proof=${proof} onClose=${onClose} />
    <div class="scroll-y" tabindex="0" role="region" aria-labelledby="proof-title"><${Proof} proof=${proof}><${Acts} proof=${proof} /><//></div>
  </section>`;
}
