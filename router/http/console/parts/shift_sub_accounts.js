// Which sub-accounts a shift is for. None chosen: those that are its agent's anyway.
import { html } from "../html.js";
import { shopName } from "../state.js";
import { t } from "../words/index.js";

export const subAccountsIn = (data) => data.getAll("sub_account");

export function SubAccounts({ names, agent, chosen }) {
  const own = names.sub_accounts.filter((one) => one.agent && one.agent === agent).map((one) => one.id);
  const shops = [...new Set(names.sub_accounts.map((one) => one.shop))];
  return html`<details class="shift-seats" open=${chosen.length > 0}>
    <summary>${t("shifts.sub_accounts")} <small>${chosen.length ? chosen.join("、") : own.length ? t("shifts.own_sub_accounts", { list: own.join("、") }) : t("shifts.own_none")}</small></summary>
    <p class="shifts-note">${t("shifts.sub_accounts.note")}</p>
    <div class="choose">${shops.map((shop) => html`<fieldset key=${shop}><legend>${shopName(shop)}</legend>
      ${names.sub_accounts.filter((one) => one.shop === shop).map((one) => html`<label key=${one.id} class="choice">
        <input type="checkbox" name="sub_account" value=${one.id} defaultChecked=${chosen.includes(one.id)} /> <span dir="auto">${one.id}</span></label>`)}</fieldset>`)}</div>
  </details>`;
}
