// Signing in: with a password, or away to a provider and back.
import { get, post } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { enter, left, tellOthers } from "../state.js";
import { language, setLanguage, t, why } from "../words/index.js";

const ENDED = ["cancelled", "refused", "stranger", "too_many", "unavailable"];
const BACK = "zhiban.back"; // which page was open when somebody went away

// How a sign-in elsewhere has ended stands in the address, for once; then it is the page's again.
const [, ended = ""] = location.hash.match(/^#login=([a-z_]{1,20})$/) || [];
if (ended) {
  const back = sessionStorage.getItem(BACK) || "";
  history.replaceState(null, "", location.pathname + (back.startsWith("#/") ? back : ""));
  if (ended === "done") tellOthers();
}
sessionStorage.removeItem(BACK);
let untold = ENDED.includes(ended) ? `login.ended.${ended}` : "";
function told() {
  const name = untold;
  untold = "";
  return name && t(name);
}

export function Login() {
  const [problem, setProblem] = useState(told);
  const [busy, setBusy] = useState("");
  const [provider, setProvider] = useState(null);
  const other = language.value === "zh" ? "en" : "zh";
  useEffect(() => {
    // Without an answer there are passwords.
    get("/v1/login/ways").then((ways) => setProvider(ways.oidc), () => {});
    // Who comes back by the browser's own button finds the page as they left it.
    const again = (event) => { if (event.persisted) setBusy(""); };
    addEventListener("pageshow", again);
    return () => removeEventListener("pageshow", again);
  }, []);
  async function trying(what, act) {
    setBusy(what);
    setProblem("");
    left.value = "";
    try {
      await act();
    } catch (error) {
      setProblem(error.reason === "wrong_password" ? t("login.wrong") : why(error));
      setBusy("");
    }
  }
  function signIn(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    trying("here", async () => {
      const login = await post("/v1/login", {
        user: form.get("user").trim(), password: form.get("password"),
      });
      await enter(login);
      tellOthers();
    });
  }
  const goAway = () => trying("away", async () => {
    const { go } = await post("/v1/login/oidc");
    sessionStorage.setItem(BACK, location.hash);
    location.assign(go);
  });
  return html`<main class="login" id="main"><form onSubmit=${signIn} aria-labelledby="login-title">
    <h1 id="login-title"><img src="/console/icon.svg" alt="" width="40" height="40" /> ${t("app.name")}</h1>
    <p>${t("login.hello")}</p>
    ${left.value && html`<p class="left" role="status">${t(`login.left.${left.value}`)}</p>`}
    <label>${t("login.user")}<input name="user" autocomplete="username" required autofocus
      autocapitalize="none" spellcheck=${false} maxlength="200" /></label>
    <label>${t("login.password")}<input name="password" type="password"
      autocomplete="current-password" required maxlength="200" /></label>
    <p role="alert" class="problem">${problem}</p>
    <button class="first" disabled=${busy !== ""}>${t("login.in")}</button>
    ${provider && html`
      <p class="or" aria-hidden="true"><span>${t("login.or")}</span></p>
      <button type="button" class="sso" disabled=${busy !== ""} onClick=${goAway}>
        ${busy === "away" ? t("login.going") : provider.label ? t("login.with", { name: provider.label }) : t("login.sso")}</button>`}
    <button type="button" class="plain" lang=${other === "en" ? "en" : "zh-CN"}
      onClick=${() => setLanguage(other)}>${other === "en" ? "English" : "中文"}</button>
  </form></main>`;
}
