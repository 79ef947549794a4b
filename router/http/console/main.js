// The console: who is signed in decides which pages there are; the address says which is shown.
import { post } from "./api.js";
import { html, render, signal, useEffect, useState } from "./html.js";
import { Account } from "./parts/account.js";
import { Alarms } from "./parts/alarm.js";
import { Keys, openKeys } from "./parts/keys.js";
import { Menu } from "./parts/menu.js";
import { Login } from "./pages/login.js";
import { PAGES } from "./pages/index.js";
import { HandoverNotice } from "./parts/handover_notice.js";
import { PresenceControl } from "./parts/presence.js";
import { chooseDesk, desk, failed, leave, link, me, ready, sessions, tellOthers, toasts, whoAmI } from "./state.js";
import { language, setLanguage, t } from "./words/index.js";

const address = signal(location.hash.slice(2));
addEventListener("hashchange", () => { address.value = location.hash.slice(2); });

const pagesOf = (user) => PAGES.filter((page) => !page.roles || page.roles.includes(user.role))
  .filter((page) => !page.needsAgent || user.agent);

function Header({ pages, shown }) {
  const [account, setAccount] = useState(false);
  const signOut = () => post("/v1/logout").then(() => { leave(""); tellOthers("out"); }, failed);
  const other = language.value === "zh" ? "en" : "zh";
  return html`<header class="top">
    <h1><img src="/console/icon.svg" alt="" width="24" height="24" /> <span>${t("app.name")}</span></h1>
    <nav aria-label=${t("nav.pages")}><ul>
      ${pages.map((page) => html`<li key=${page.id}>
        <a href=${`#/${page.id}`} aria-current=${page === shown ? "page" : undefined}>${t(`page.${page.id}`)}
          ${page.waits?.value > 0 && html` <span class="count" aria-hidden="true">${page.waits.value > 99 ? "99+" : page.waits.value}</span><span class="hidden">${t("nav.waits", { n: page.waits.value })}</span>`}</a>
      </li>`)}
    </ul></nav>
    ${me.value.desks.length > 1 && html`<select aria-label=${t("nav.desk")} value=${desk.value}
      onChange=${(event) => chooseDesk(event.target.value)}>
      ${me.value.desks.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}
    </select>`}
    <p class=${`link ${link.value}`} role="status">${t(`link.${link.value}`)}</p>
    ${me.value.agent && html`<${PresenceControl} />`}
    <${Menu} class="who" label=${html`<span>${me.value.name || me.value.user}</span>`}>
      <button type="button" class="plain" onClick=${() => setAccount(true)}>${t("account.title")}</button>
      <button type="button" class="plain" lang=${other === "en" ? "en" : "zh-CN"}
        onClick=${() => setLanguage(other)}>${other === "en" ? "English" : "中文"}</button>
      ${me.value.agent && html`<${Alarms} />`}
      <button type="button" class="plain" onClick=${openKeys}>${t("keys.title")} <kbd aria-hidden="true">?</kbd></button>
      <button type="button" class="plain" onClick=${signOut}>${t("login.out")}</button>
    <//>
    ${account && html`<${Account} onClose=${() => setAccount(false)} />`}
  </header>`;
}

function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map((one) => html`<p key=${one.id} class=${`toast ${one.kind}`}>${one.text}</p>`)}
  </div>`;
}

function App() {
  useEffect(() => { whoAmI().catch(failed); }, []);
  if (!ready.value) return html`<p class="loading" role="status">${t("app.loading")}</p><${Toasts} />`;
  if (!me.value) return html`<${Login} /><${Toasts} />`;
  const pages = pagesOf(me.value);
  const shown = pages.find((page) => page.id === address.value.split("/")[0]) || pages[0];
  const mine = [...sessions.value.values()].filter((one) => one.waiting && one.agent && one.agent === me.value.agent?.id);
  document.title = `${mine.length ? `(${mine.length}) ` : ""}${t(`page.${shown.id}`)} · ${t("app.name")}`;
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>${t("nav.skip")}</a>
    <${Header} pages=${pages} shown=${shown} />
    ${link.value === "lost" && html`<p class="lost" role="alert">${t("link.lost.long")}</p>`}
    ${me.value.agent && html`<${HandoverNotice} page=${shown.id} />`}
    <main id="main" tabindex="-1" class=${`page-${shown.id}`}><${shown.Page} path=${address.value.split("/").slice(1)} /></main>
    <${Keys} />
    <${Toasts} />`;
}

setLanguage(language.value);
render(html`<${App} />`, document.getElementById("app"));
