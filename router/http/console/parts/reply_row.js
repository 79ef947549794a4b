// A quick reply in the list, and what may be done with it.
import { del, get, part } from "../api.js";
import { at } from "../clock.js";
import { html, useEffect, useState } from "../html.js";
import { agentName, failed, shopName, toast } from "../state.js";
import { named, t, why } from "../words/index.js";
import { Dialog } from "./dialog.js";
import { Menu } from "./menu.js";
import { Pictures, Preview, Written } from "./reply_text.js";

// `within`: the category that alone is shown; `may`: edit it; `copies`: to where a copy of it may be made.
export function Row({ reply, within, may, copies, fresh, onEdit, onCopy, onGone }) {
  const [shown, setShown] = useState(""); // "", look, usage, delete
  const close = () => setShown("");
  return html`<li class=${`quick-reply ${fresh ? "fresh" : ""}`} data-reply=${reply.id}>
    <div class="what">
      <p class="head"><button type="button" class="plain" dir="auto" onClick=${() => (may ? onEdit(reply) : setShown("look"))}>${reply.title}</button>
        ${reply.shortcut && html`<kbd title=${t("replies.shortcut")}>/${reply.shortcut}</kbd>`}
        ${!within && html`<span class="chip">${named("replies.category", reply.category)}</span>`}
        ${reply.shops.length > 0 && html`<span class="chip shop">${reply.shops.map(shopName).join("、")}</span>`}
        ${reply.scenario && reply.scenario !== reply.title && html`<small dir="auto">${reply.scenario}</small>`}</p>
      <p class="text" dir="auto"><${Written} text=${reply.text} /></p>
      <${Pictures} urls=${reply.pictures} />
    </div>
    <button type="button" class="plain uses" disabled=${!reply.uses} onClick=${() => setShown("usage")}>${reply.uses ? t("replies.uses", { n: reply.uses }) : t("replies.unused")}</button>
    <${Menu} label="⋯" name=${t("replies.acts", { title: reply.title })}>
      ${may && html`<button type="button" class="plain" onClick=${() => onEdit(reply)}>${t("replies.edit")}</button>`}
      ${copies.map((to) => html`<button key=${to} type="button" class="plain" onClick=${() => onCopy(reply, to)}>${t(`replies.copy.${to}`)}</button>`)}
      ${may && html`<button type="button" class="plain danger" onClick=${() => setShown("delete")}>${t("replies.delete")}</button>`}
    <//>
    ${shown === "look" && html`<${Dialog} title=${reply.title} onClose=${close}><div class="look"><${Preview} ...${reply} /></div><//>`}
    ${shown === "usage" && html`<${Usage} reply=${reply} onClose=${close} />`}
    ${shown === "delete" && html`<${Delete} reply=${reply} onGone=${onGone} onClose=${close} />`}
  </li>`;
}

function Usage({ reply, onClose }) {
  const [usage, setUsage] = useState(null);
  useEffect(() => {
    get(`/v1/replies/${part(reply.id)}/usage`).then((found) => setUsage(found.usage))
      .catch((error) => { failed(error); onClose(); });
  }, []);
  return html`<${Dialog} title=${t("replies.usage", { title: reply.title })} onClose=${onClose}><div class="usage">
    ${!usage && html`<p class="loading" role="status">${t("app.loading")}</p>`}
    ${usage?.length === 0 && html`<p class="none">${t("replies.usage.none")}</p>`}
    ${usage?.length > 0 && html`<table><thead><tr><th scope="col">${t("replies.usage.who")}</th><th scope="col">${t("replies.usage.count")}</th><th scope="col">${t("replies.usage.last")}</th></tr></thead>
      <tbody>${usage.map((one) => html`<tr key=${one.agent}><td>${agentName(one.agent)}</td><td>${one.uses}</td><td>${at(one.last_at)}</td></tr>`)}</tbody></table>`}
  </div><//>`;
}

function Delete({ reply, onGone, onClose }) {
  const [problem, setProblem] = useState("");
  async function go(event) {
    event.preventDefault();
    try {
      await del(`/v1/replies/${part(reply.id)}?owner=${reply.owner}`);
      toast(t("replies.deleted"), "good");
      onGone(reply);
    } catch (error) {
      setProblem(why(error));
    }
  }
  return html`<${Dialog} title=${t("replies.delete")} onClose=${onClose}><form onSubmit=${go}>
    <p>${t(`replies.delete.sure.${reply.owner}`)}</p><p class="quoted" dir="auto"><b>${reply.title}</b> ${reply.text}</p>
    <p class="problem" role="alert">${problem}</p>
    <div class="acts"><button type="button" onClick=${onClose}>${t("act.cancel")}</button><button class="danger">${t("replies.delete")}</button></div>
  </form><//>`;
}
