// A flag with its message in the conversation, and a supervisor's word on it: one key each.
import { part, post } from "../api.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { failed, me, supervises, toast, whoIs } from "../state.js";
import { t } from "../words/index.js";
import { WithReason } from "./conversation.js";
import { Proof, ProofHead, chargeOf, useProof } from "./proof.js";

// Nobody judges themselves; what was dismissed stays so, what was confirmed can be dismissed yet.
const mayJudge = (flag) => supervises.value && flag.agent !== me.value.agent?.id;

function Allow({ flag, reason, dismiss, onClose }) {
  const [phrase, setPhrase] = useState(flag.matched);
  return html`<${WithReason} title=${t("flags.allow")} label=${t("flags.why")} required=${false} onClose=${onClose}
    act=${(why) => dismiss(why || reason(), phrase.trim())}>
    <label>${t("flags.phrase")}<input value=${phrase} maxlength="200" required dir="auto" onInput=${(event) => setPhrase(event.target.value)} /></label>
    <p class="small">${t("flags.allow.what")}</p><//>`;
}

function Judging({ flag, keys, onJudged }) {
  const [busy, setBusy] = useState(false), [allowing, setAllowing] = useState(false);
  const words = useRef(null);
  const reason = () => words.current?.value.trim() || t("flags.why.default");
  async function judge(act, body, said) {
    setBusy(true);
    try {
      await post(`/v1/flags/${part(flag.id)}/${act}`, body);
      toast(t(said), "good");
      onJudged(flag.id);
    } finally {
      setBusy(false);
    }
  }
  const confirm = () => judge("confirm", { why: words.current.value.trim() }, "flags.was_confirmed").catch(failed);
  const dismiss = (why, allow) => judge("dismiss", { why, allow }, allow ? "flags.was_allowed" : "flags.was_dismissed");
  const refuse = () => dismiss(reason(), "").catch(failed);
  const mayAllow = Boolean(flag.matched) && flag.end > flag.start;
  const open = flag.state === "open";
  useLayoutEffect(() => {
    keys.current = (code) => {
      if (busy || allowing) return false;
      if (code === "KeyY" && open) confirm();
      else if (code === "KeyN") refuse();
      else if (code === "KeyW" && mayAllow) setAllowing(true);
      else return false;
      return true;
    };
    return () => { keys.current = null; };
  });
  return html`<div class="judging">
    <input ref=${words} aria-label=${t("flags.why")} placeholder=${t("flags.why.hint")} maxlength="1000" autocomplete="off" />
    <div class="acts">
      ${open && html`<button type="button" class="danger" disabled=${busy} aria-keyshortcuts="Y" onClick=${confirm}>${t("flags.confirm")} <kbd aria-hidden="true">Y</kbd></button>`}
      <button type="button" disabled=${busy} aria-keyshortcuts="N" onClick=${refuse}>${t("flags.dismiss")} <kbd aria-hidden="true">N</kbd></button>
      ${mayAllow && html`<button type="button" disabled=${busy} aria-keyshortcuts="W" onClick=${() => setAllowing(true)}>${t("flags.allow")} <kbd aria-hidden="true">W</kbd></button>`}
    </div>
    ${allowing && html`<${Allow} flag=${flag} reason=${reason} dismiss=${dismiss} onClose=${() => setAllowing(false)} />`}
  </div>`;
}

function Judged({ flag }) {
  return html`<p class="lifted"><b>${t(`flags.${flag.state}`)}</b> ${flag.by ? html`<bdi>${whoIs(flag.by)}</bdi>` : (flag.state === "confirmed" ? t("flags.at_once") : "")}
    ${" "}<bdi>${flag.why}</bdi></p>`;
}

// `keys.current(code)` does what the key stands for, once it can be seen what it is about.
export function FlagDetail({ id, keys, onJudged, onClose }) {
  const proof = useProof(id), text = useRef(null);
  useEffect(() => { text.current?.querySelector(".flagged")?.scrollIntoView?.({ block: "nearest" }); }, [Boolean(proof)]);
  if (!proof) {
    return html`<section class="proof-panel"><p class=${proof === null ? "loading" : "none"} role="status">${t(proof === null ? "app.loading" : "proof.gone")}</p></section>`;
  }
  const { flag } = proof, charge = chargeOf(proof);
  return html`<section class="proof-panel" aria-labelledby="proof-title" data-proof=${id}>
    <${ProofHead} proof=${proof} onClose=${onClose} />
    ${mayJudge(flag) && flag.state !== "dismissed" && html`<${Judging} flag=${flag} keys=${keys} onJudged=${onJudged} />`}
    <div class="scroll-y" ref=${text} tabindex="0" role="region" aria-labelledby="proof-title"><${Proof} proof=${proof}>
      ${flag.state !== "open" && html`<${Judged} flag=${flag} />`}
      ${charge && html`<p><a href=${`#/ledger/${part(charge.id)}`}>${t("flags.ledger")}</a></p>`}<//></div>
  </section>`;
}
