// What the shop's bot said when it handed a buyer over: why, and its account of the conversation.
import { html } from "../html.js";
import { named, t } from "../words/index.js";

// Of its failures the HTTP states are many; the rest are named one by one.
const whyOf = (why) => (/^http_\d+$/.test(why) ? t("bot.why.not_reached") : named("bot.why", why));

export function BotAccount({ one }) {
  const { bot_why: why, transcript } = one;
  if (!why && !transcript) return null;
  const head = html`<b>${t("bot.handed_over")}</b>${why && html` <span dir="auto">${whyOf(why)}</span>`}`;
  if (!transcript) return html`<p class="bot-account">${head}</p>`;
  return html`<details class="bot-account"><summary>${head}</summary><p class="words" dir="auto">${transcript}</p></details>`;
}
