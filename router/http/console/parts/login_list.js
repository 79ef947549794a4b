// Logins that stand: the device, from where, since when; each can be ended, but not the one in use.
import { del } from "../api.js";
import { at } from "../clock.js";
import { html, useState } from "../html.js";
import { failed, toast } from "../state.js";
import { t } from "../words/index.js";
import { device } from "./device.js";

export function LoginList({ logins, again }) {
  const [busy, setBusy] = useState(0);
  async function end(login) {
    setBusy(login.id);
    try {
      await del(`/v1/logins/${login.id}`);
      toast(t("account.ended", { device: device(login.browser) }), "good");
    } catch (error) {
      if (error.status !== 404) failed(error); // it has ended meanwhile
    } finally {
      setBusy(0);
      again();
    }
  }
  return html`<ul class="logins">${logins.map((one) => html`<li key=${one.id} class=${one.this ? "this" : ""}>
    <b title=${one.browser}>${device(one.browser)}</b>
    <small><bdi>${one.address}</bdi> · <span>${t("account.since", { time: at(one.begun_at, "day") })}</span> · <span>${t("account.seen", { time: at(one.seen_at, "day") })}</span></small>
    ${one.this ? html`<span class="chip">${t("account.this")}</span>`
      : html`<button type="button" disabled=${busy === one.id} aria-label=${t("account.end.one", { device: device(one.browser) })} onClick=${() => end(one)}>${t("account.end")}</button>`}
  </li>`)}</ul>`;
}
