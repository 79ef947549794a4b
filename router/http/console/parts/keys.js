// All keys, in a dialog: `?` opens it wherever nothing is being written, Ctrl+/ everywhere.
import { effect, html, signal, useEffect } from "../html.js";
import { me, supervises } from "../state.js";
import { t } from "../words/index.js";
import { Dialog } from "./dialog.js";

const opened = signal(false);
effect(() => { if (!me.value) opened.value = false; });
export const openKeys = () => { opened.value = true; };

const EVERYWHERE = [["?", "here"], ["Ctrl+/", "here_writing"], ["Esc", "leave"]];
const SESSIONS = [["Alt+1…9", "open"], ["Alt+↑ ↓", "next"]];
const SESSION = [["Alt+T", "transfer"], ["Alt+W", "end"], ["Alt+S", "escalate"], ["Alt+R", "remark"], ["Alt+P", "promise"]];
const REPLY = [["Enter", "send"], ["Shift+Enter", "line"], ["/", "replies"], ["Alt+G", "product"], ["Alt+I", "picture"], ["Alt+K", "order_check"]];
const REPLIES = [["/", "search"], ["Alt+N", "add"]];
const FLAGS = [["↑ ↓", "next"], ["Y", "confirm"], ["N", "dismiss"], ["W", "allow"]];
const LEDGER = [["Alt+↑ ↓", "next"]];

const groups = () => [
  ["everywhere", EVERYWHERE],
  ...(me.value.agent ? [["sessions", SESSIONS], ["reply", REPLY]] : []),
  ["session", me.value.agent ? SESSION : SESSION.filter(([, name]) => name === "remark" || name === "promise")],
  ["library", REPLIES],
  ...(supervises.value ? [["flags", FLAGS]] : []),
  ["ledger", LEDGER],
];

const isWriting = (target) => target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)
  || (target.tagName === "INPUT" && !/^(checkbox|radio|button|file)$/.test(target.type));

export function Keys() {
  useEffect(() => {
    function pressed(event) {
      if (event.isComposing || document.querySelector("dialog[open]")) return;
      const asked = event.ctrlKey && event.code === "Slash"
        || (["?", "？"].includes(event.key) && !event.altKey && !event.ctrlKey && !event.metaKey && !isWriting(event.target));
      if (!asked) return;
      event.preventDefault();
      openKeys();
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  if (!opened.value) return null;
  return html`<${Dialog} wide title=${t("keys.title")} onClose=${() => { opened.value = false; }}><div class="key-groups" tabindex="0" role="region" aria-label=${t("keys.title")}>
    ${groups().map(([group, keys]) => html`<div key=${group}><h3>${t(`keys.${group}`)}</h3>
      <dl>${keys.map(([key, name]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${t(`keys.${group}.${name}`)}</dd></div>`)}</dl></div>`)}
  </div><//>`;
}
