// Signing in.
import { post } from "../api.js";
import { html, useState } from "../html.js";
import { enter, tellOthers } from "../state.js";
import { language, setLanguage, t, why } from "../words/index.js";

export function Login() {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const other = language.value === "zh" ? "en" : "zh";
  async function signIn(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    setBusy(true);
    setProblem("");
    try {
      const login = await post("/v1/login", {
        user: form.get("user").trim(), password: form.get("password"),
      });
      await enter(login);
      tellOthers();
    } catch (error) {
      setProblem(error.reason === "wrong_password" ? t("login.wrong") : why(error));
      setBusy(false);
    }
  }
  return html`<main class="login" id="main"><form onSubmit=${signIn} aria-labelledby="login-title">
    <h1 id="login-title"><img src="/console/icon.svg" alt="" width="40" height="40" /> ${t("app.name")}</h1>
    <p>${t("login.hello")}</p>
    <label>${t("login.user")}<input name="user" autocomplete="username" required autofocus
      autocapitalize="none" spellcheck=${false} maxlength="200" /></label>
    <label>${t("login.password")}<input name="password" type="password"
      autocomplete="current-password" required maxlength="200" /></label>
    <p role="alert" class="problem">${problem}</p>
    <button class="first" disabled=${busy}>${t("login.in")}</button>
    <button type="button" class="plain" lang=${other === "en" ? "en" : "zh-CN"}
      onClick=${() => setLanguage(other)}>${other === "en" ? "English" : "中文"}</button>
  </form></main>`;
}
