// My account: another password, and where one is signed in.
import { del, get, put } from "../api.js";
import { html, useState } from "../html.js";
import { failed, leave, me, tellOthers, toast } from "../state.js";
import { t, why } from "../words/index.js";
import { Dialog } from "./dialog.js";
import { LoginList } from "./login_list.js";
import { useReading } from "./reading.js";

const LEAST = 10, MOST = 200; // of a password's characters; the server knows more

export function Account({ onClose }) {
  const { value: found, again } = useReading(() => get("/v1/logins"), [], () => false);
  const others = found?.logins.filter((one) => !one.this).length || 0;
  const endOthers = () => del("/v1/logins")
    .then(() => toast(t("account.ended.others", { n: others }), "good"), failed).finally(again);
  const { user, name, role } = me.value;
  return html`<${Dialog} title=${t("account.title")} wide=${true} onClose=${onClose}>
    <div class="account">
      <p class="who"><b dir="auto">${name || user}</b> <small><bdi>${user}</bdi> · ${t(`role.${role}`)}</small></p>
      ${!found ? html`<p class="loading" role="status">${t("app.loading")}</p>` : html`
        ${found.password ? html`<${Password} />` : html`<div><h3>${t("account.password")}</h3><p class="none">${t("account.no_password")}</p></div>`}
        <div><h3>${t("account.logins")} ${found.logins.length}</h3>
          <${LoginList} logins=${found.logins} again=${again} />
          ${others > 0 && html`<div class="acts"><button type="button" class="danger" onClick=${endOthers}>${t("account.end.others", { n: others })}</button></div>`}</div>`}
    </div>
  <//>`;
}

function Password() {
  const [wrong, setWrong] = useState({}); // by field: what is wrong there; "" is all of it
  const [busy, setBusy] = useState(false);
  const [plain, setPlain] = useState(false);
  async function change(event) {
    event.preventDefault();
    const form = event.target;
    const { old, fresh, again } = Object.fromEntries(new FormData(form));
    const refuse = (field, words) => {
      setWrong({ [field]: words });
      form.elements[field]?.focus();
    };
    if ([...fresh].length < LEAST) { refuse("fresh", t("account.short", { n: LEAST })); return; }
    if (fresh !== again) { refuse("again", t("account.differs")); return; }
    setBusy(true);
    setWrong({});
    try {
      await put("/v1/me/password", { old, new: fresh });
      leave("password");
      tellOthers("password");
    } catch (error) {
      setBusy(false);
      if (error.reason === "wrong_password") refuse("old", t("account.old.wrong"));
      else if (error.reason === "bad_password") refuse("fresh", t("account.weak"));
      else refuse("", why(error));
    }
  }
  const field = (name, label, autocomplete, hint) => html`<label>${label}
      <input name=${name} type=${plain ? "text" : "password"} autocomplete=${autocomplete} required maxlength=${MOST}
        autocapitalize="none" spellcheck=${false} aria-invalid=${wrong[name] ? "true" : undefined} aria-describedby=${`account-${name}`} /></label>
    <p id=${`account-${name}`} class=${wrong[name] ? "problem" : "hint"} role=${wrong[name] ? "alert" : undefined}>${wrong[name] || hint}</p>`;
  return html`<form onSubmit=${change} aria-labelledby="account-password">
    <h3 id="account-password">${t("account.password")}</h3>
    <input hidden readonly autocomplete="username" value=${me.value.user} />
    ${field("old", t("account.old"), "current-password", "")}
    ${field("fresh", t("account.new"), "new-password", t("account.rules", { least: LEAST, most: MOST }))}
    ${field("again", t("account.again"), "new-password", "")}
    <label class="choice"><input type="checkbox" checked=${plain} onChange=${(event) => setPlain(event.target.checked)} /> ${t("account.plain")}</label>
    <p class="hint">${t("account.then")}</p>
    <p class="problem" role="alert">${wrong[""]}</p>
    <div class="acts"><button class="first" disabled=${busy}>${t("account.change")}</button></div>
  </form>`;
}
