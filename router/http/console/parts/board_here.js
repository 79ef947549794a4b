// What of an agent a supervisor has to look after: that they meant to be back by now, and
// sub-accounts that get no sessions although their agent is here.
import { now, span } from "../clock.js";
import { computed, html } from "../html.js";
import { board, shopName } from "../state.js";
import { t } from "../words/index.js";

const meantToBeBack = (agent) => agent.presence === "away" && agent.back_at && Date.parse(agent.back_at) < now.value;
// As text: it is another only when somebody else is overdue, not with each tick of the clock.
const late = computed(() => (board.value?.agents || []).filter(meantToBeBack).map((agent) => agent.id).join("\n"));
export const overdueBack = computed(() => new Set(late.value.split("\n").filter(Boolean)));

export const Overdue = ({ agent }) => html`<span class="shift-standing late">${t("board.overdue_back", { span: span(now.value - Date.parse(agent.back_at)) })}</span>`;

// The platform's word counts while the agent is here: who has left is signed off everywhere.
const why = (agent, seat) => (seat.paused ? "paused"
  : agent.presence !== "offline" && seat.platform !== "online" ? `platform_${seat.platform}` : "");

export function Seats({ agent }) {
  const told = agent.sub_accounts.map((seat) => ({ seat, kind: why(agent, seat) })).filter(({ kind }) => kind);
  if (!told.length) return null;
  return html`<ul class="seats" aria-label=${t("shifts.sub_accounts")}>${told.map(({ seat, kind }) => html`<li key=${seat.id}>
    <bdi title=${shopName(seat.shop)}>${seat.id}</bdi> <span class="shift-standing rest">${t(`board.seat.${kind}`)}</span></li>`)}</ul>`;
}
