// One session: what was said, by whom, what became of it; what is due; and what may be done.
import { part, post } from "../api.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { agentName, agents, earlier, failed, me, messages, readBoard, readMessages, refresh, shopName, show, supervises, toast } from "../state.js";
import { named, t, why } from "../words/index.js";
import { BotAccount } from "./bot_account.js";
import { Deadline, isOverdue, Waited } from "./countdown.js";
import { Dialog } from "./dialog.js";
import { Message } from "./message.js";
import { OrderActs, OrderDialog } from "./order_acts.js";
import { Remarks } from "./order_remark.js";
import { ReplyBox } from "./reply_box.js";
import { Refunds } from "./refunds.js";

export function Conversation({ one }) {
  const list = messages.value.get(one.id) || [];
  const [act, setAct] = useState(null); // what is being done with an order, or promised
  const end = useRef(null), log = useRef(null), stuck = useRef(true);
  const sender = useRef(null); // how the reply box sends what does not stand in it
  useLayoutEffect(() => { if (stuck.current) end.current?.scrollIntoView({ block: "end" }); }, [list]);
  useLayoutEffect(() => { // what stands around the log takes room from it: its end stays in sight
    const box = log.current;
    const watching = new ResizeObserver(() => { if (stuck.current) box.scrollTop = box.scrollHeight; });
    watching.observe(box);
    return () => watching.disconnect();
  }, []);
  const scrolled = () => {
    const box = log.current;
    stuck.current = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  };
  const mine = one.agent && one.agent === me.value.agent?.id;
  const may = mine || supervises.value;
  const name = list.findLast((message) => message.buyer_name)?.buyer_name || one.buyer_name;
  const more = earlier.value.get(one.id);
  return html`<section class="conversation" aria-labelledby="buyer">
    <header>
      <button type="button" class="plain back" onClick=${() => show("")} aria-label=${t("act.back")}>‹</button>
      <h2 id="buyer" dir="auto" title=${one.buyer}>${name || one.buyer}</h2>
      ${name && name !== one.buyer && html`<small class="buyer-id" dir="auto">${one.buyer}</small>`}
      <p>${shopName(one.shop)} · ${named("state", one.state)}${one.agent ? ` · ${agentName(one.agent)}` : ""}</p>
      <ul class="deadlines" aria-label=${t("work.deadlines")}>
        ${isOverdue(one) && html`<li><${Waited} one=${one} /></li>`}
        ${one.deadlines.map((due) => html`<li key=${`${due.rule}${due.key}`}><${Deadline} due=${due} /></li>`)}
      </ul>
      <${Acts} one=${one} mine=${mine}>${may && html`<${OrderActs} onAct=${setAct} />`}<//>
    </header>
    <${BotAccount} one=${one} />
    <${Remarks} one=${one} onEdit=${may && ((order) => setAct({ what: "remark", order }))} />
    <ol class="log" ref=${log} onScroll=${scrolled} tabindex="0" aria-label=${t("work.log")} aria-live="polite">
      ${more && html`<li class="more"><button type="button" onClick=${() => readMessages(one.id, more).catch(failed)}>${t("work.earlier")}</button></li>`}
      ${list.map((message) => html`<${Message} key=${message.id} message=${message} list=${list}
        onAgain=${mine && ((content) => sender.current([content]))}
        remark=${message.kind === "order_card" && one.remarks.find((remark) => remark.order === message.order)} />`)}
      <li ref=${end} class="end" aria-hidden="true"></li>
    </ol>
    <${Refunds} one=${one} />
    ${mine && html`<${ReplyBox} one=${one} sender=${sender} />`}
    ${may && act && html`<${OrderDialog} one=${one} act=${act} onClose=${() => setAct(null)} />`}
  </section>`;
}

function Acts({ one, mine, children }) {
  const [asking, setAsking] = useState("");
  // Who could take it is read first: an agent's page hears little of the others.
  const transfer = () => readBoard().catch(failed).then(() => setAsking("transfer"));
  const claim = () => post(`/v1/sessions/${part(one.id)}/claim`).then(refresh, failed);
  const close = () => (supervises.value && !mine ? setAsking("close")
    : post(`/v1/sessions/${part(one.id)}/close`).then(() => { toast(t("work.closed"), "good"); show(""); }).catch(failed));
  useEffect(() => {
    if (!mine) return undefined;
    function pressed(event) {
      if (!event.altKey || document.querySelector("dialog[open]")) return;
      if (event.code === "KeyW") { event.preventDefault(); close(); }
      if (event.code === "KeyT") { event.preventDefault(); transfer(); }
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  return html`<div class="acts">
    ${!one.agent && me.value.agent && html`<button type="button" class="first" onClick=${claim}>${t("act.claim")}</button>`}
    ${children}
    ${(mine || supervises.value) && html`<button type="button" onClick=${transfer} aria-keyshortcuts="Alt+T" title="Alt+T">${t(supervises.value && !mine ? "act.reassign" : "act.transfer")}</button>
      <button type="button" onClick=${close} aria-keyshortcuts="Alt+W" title="Alt+W">${t("act.end")}</button>`}
    ${asking === "transfer" && html`<${Move} one=${one} mine=${mine} onClose=${() => setAsking("")} />`}
    ${asking === "close" && html`<${WithReason} title=${t("act.end")} onClose=${() => setAsking("")}
      act=${(reason) => post(`/v1/sessions/${part(one.id)}/close`, { reason })} />`}
  </div>`;
}

// Asks for a reason, then does it.
export function WithReason({ title, act, onClose, label = t("act.reason"), required = true, children }) {
  const [problem, setProblem] = useState("");
  async function go(event) {
    event.preventDefault();
    try {
      await act(new FormData(event.target).get("reason").trim());
      onClose();
      await refresh();
    } catch (error) {
      setProblem(why(error));
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose}><form onSubmit=${go}>${children}
    <label>${label}<input name="reason" maxlength="500" required=${required} autofocus /></label>
    <p class="problem" role="alert">${problem}</p>
    <div class="acts"><button class="first">${t("act.ok")}</button></div>
  </form><//>`;
}

function Move({ one, mine, onClose }) {
  const [problem, setProblem] = useState("");
  const there = [...agents.value.values()].filter((agent) => agent.id !== one.agent
    && agent.presence !== "offline" && agent.sub_accounts.some((seat) => seat.shop === one.shop));
  async function go(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const act = mine && !supervises.value ? "transfer" : "reassign";
    try {
      await post(`/v1/sessions/${part(one.id)}/${act}`, { to: form.get("to"), reason: form.get("reason") });
      toast(t("work.moved"), "good");
      onClose();
      await refresh();
    } catch (error) {
      setProblem(why(error));
    }
  }
  return html`<${Dialog} title=${t("act.transfer")} onClose=${onClose}><form onSubmit=${go}>
    <fieldset><legend>${t("work.to")}</legend>
      ${there.length === 0 && html`<p class="none">${t("work.nobody")}</p>`}
      ${there.map((agent, index) => html`<label key=${agent.id} class="choice"><input type="radio" name="to" value=${agent.id} required defaultChecked=${index === 0} />
        ${agent.name || agent.id} <small>${named("presence", agent.presence)} ${agent.load}${agent.capacity ? ` / ${agent.capacity}` : ""}</small></label>`)}
    </fieldset>
    <label>${t("act.reason")}<input name="reason" maxlength="500" required=${!mine || supervises.value} /></label>
    <p class="problem" role="alert">${problem}</p>
    <div class="acts"><button class="first" disabled=${there.length === 0}>${t("act.transfer")}</button></div>
  </form><//>`;
}
