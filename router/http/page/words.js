// The words of the page: Chinese, with the English beside.

export const RULES = {
  reply: ["回复", "reply"], follow_up: ["再次询问", "follow-up"],
  order_check: ["核对订单", "order check"], refund: ["退款", "refund"],
};
export const STATES = {
  held: ["接待中", "held"], queued: ["排队", "queued"], closing: ["结束中", "closing"],
};
export const PRESENCES = {
  online: ["在线", "online"], away: ["离开", "away"], offline: ["下线", "offline"],
};
export const COUNTS = [
  ["sessions", "会话", "sessions"], ["waiting", "等待回复", "waiting"], ["queued", "排队", "queued"],
  ["online", "在线客服", "online"], ["away", "离开", "away"],
  ["breaches_today", "今日违规", "breaches today"],
];

const who = (fact) => fact.agent || "—";
const rule = (fact) => (RULES[fact.rule] || [fact.rule])[0];
const item = (fact) => (RULES[fact.kind] || [fact.kind])[0];

// What a fact says, in a line; facts that are not here are not shown. `true`: something bad.
export const FACTS = {
  session_opened: (f) => [`${f.buyer} 进线`, "opened"],
  session_assigned: (f) => [`${f.buyer} → ${who(f)}`, `assigned: ${f.cause}`],
  session_queued: (f) => [`${f.buyer} 排队`, "queued"],
  session_closed: (f) => [`${f.buyer} 会话结束`, `closed: ${f.why}`],
  message_noted: (f) => (f.side === "buyer"
    ? [`${f.buyer} 来消息`, "buyer wrote"] : [`${who(f)} 回复 ${f.buyer}`, "answered"]),
  deadline_warned: (f) => [`${f.buyer} ${rule(f)}快到期 · ${who(f)}`, "due soon"],
  deadline_missed: (f) => [`${f.buyer} ${rule(f)}超时 · ${who(f)}`, "missed", true],
  breach_sealed: (f) => [
    `${f.buyer} ${rule(f)}违规 · ${who(f)} ¥${(f.fine_fen || 0) / 100}`, "breach", true],
  breach_reversed: (f) => [`违规撤销 ${f.breach}`, "reversed"],
  breach_waived: (f) => [`违规免罚 ${f.breach}`, "waived"],
  presence_changed: (f) => [
    `${f.agent} ${(PRESENCES[f.to] || [f.to])[0]}${f.reason ? ` · ${f.reason}` : ""}`, f.to],
  item_opened: (f) => [`${f.buyer} ${item(f)} ${f.key}`, "opened"],
  item_settled: (f) => [`${f.buyer} ${item(f)} ${f.key} 完成`, "settled"],
  item_escalated: (f) => [`${f.agent} 上报 ${f.key}`, "escalated", true],
  delivery_reported: (f) => (f.outcome === "delivered"
    ? null : [`${f.buyer} 的消息未送达`, f.outcome, true]),
  outage_noted: () => ["系统中断已记录", "outage noted", true],
};
