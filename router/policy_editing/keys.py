"""Every number and text of a desk's rules, by the name it has in the file, with words for people.

`items.{kind}.{field}` and `conduct.{rule}.{field}` stand in the tables of that name or rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal, NamedTuple

import msgspec

from router.core.kinds import CALL_BACK, KNOWN_KINDS, ItemKind
from router.core.policy import CONDUCT, Desk, Policy

Kind = Literal[
    "duration", "fen", "flag", "text", "number", "choice", "words", "hours", "time", "switch"
]
"""`fen`: an amount (in yuan in the file); `switch`: whether a kind of work is there at all."""
Scope = Literal["both", "desk", "shop"]
Effect = Literal[
    "deadline", "fine", "sent", "sent_fine", "sending", "now", "sessions", "idle", "assign",
    "hours", "text", "opens", "orders", "comes", "duty", "away_fine", "lateness",
]  # fmt: skip
"""From when on a change counts, and for what: see `changes`."""


class Words(NamedTuple):
    """Said in both languages."""

    zh: str
    en: str


class Choice(NamedTuple):
    value: str
    zh: str
    en: str


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One value that can be changed."""

    id: str
    group: str
    kind: Kind
    zh: str
    en: str
    effect: Effect
    scope: Scope = "both"
    rule: str = ""
    """Whose pending deadlines or flags a change concerns."""
    choices: tuple[Choice, ...] = ()
    hint: Words = Words("", "")


GROUPS: dict[str, Words] = {
    "reply": Words("回复时限", "Replies"),
    "follow_up": Words("追问", "Asking again"),
    "refund": Words("退款", "Refunds"),
    "order": Words("核单", "Order checks"),
    "fines": Words("罚款金额", "Fines"),
    "conduct": Words("敬语与用语", "Conduct"),
    "away": Words("离开与在线", "Away and presence"),
    "handover": Words("交接班", "Shifts and handover"),
    "hours": Words("服务时间", "Service hours"),
    "assign": Words("分配", "Assignment"),
    "auto": Words("自动话术", "Automatic messages"),
    "bot": Words("机器人", "Bot"),
    "items": Words("其他工作", "Further work"),
    "session": Words("会话与迟到", "Sessions and lateness"),
}

_NEVER = Words("0 为不计", "0 for never")

_STRATEGIES = (
    Choice("least_loaded", "负载最低", "least loaded"),
    Choice("longest_idle", "空闲最久", "longest idle"),
    Choice("online_time", "按在线时长", "by time online"),
    Choice("weighted", "按权重", "by weight"),
    Choice("round_robin", "轮流", "in turn"),
)
_AWAY_MESSAGES = (
    Choice("move", "转给能接的人", "move to somebody who can take it"),
    Choice("keep", "留给原客服", "keep it with its holder"),
)
_BOT_MODES = (
    Choice("off", "不用机器人", "no bot"),
    Choice("people_first", "人工优先,排队时才问机器人", "people first; the bot while they queue"),
    Choice("bot_first", "机器人先接,不行再转人工", "the bot first, then people"),
    Choice("mixed", "人机同时", "both at once"),
)
_CHARGES = (
    Choice("confirmed", "主管确认后扣", "once a supervisor confirms"),
    Choice("at_once", "立即扣", "at once"),
    Choice("never", "不扣", "never"),
)
_SENDINGS = (
    Choice("record", "只记录", "record only"),
    Choice("warn", "提醒,确认后可发", "warn; may be sent anyway"),
    Choice("block", "不许发", "block"),
)

RULES: dict[str, Words] = {
    "reply": Words("回复超时", "a late reply"),
    "follow_up": Words("没有按时追问", "not asking again in time"),
    "order_check": Words("核对订单", "order check"),
    "refund": Words("退款", "refund"),
    "honorific": Words("没用敬语", "no honorific"),
    "short_reply": Words("短语敷衍", "a brush-off"),
    "alternatives": Words("没荐相似品", "no alternatives offered"),
    "abuse": Words("辱骂顶撞", "abuse"),
    "off_platform": Words("站外联系", "off-platform contact"),
    "close_order": Words("关闭订单", "closing an order"),
    "bank_transfer": Words("银行转账", "bank transfer"),
    "invoice_refused": Words("拒开发票", "an invoice refused"),
    "impersonation": Words("冒充平台", "impersonation"),
    "prohibited": Words("违禁内容", "prohibited content"),
    "harassment": Words("骚扰买家", "harassment"),
    "slow_stall": Words("稍等太久", "a slow stall"),
    "payment_reminder": Words("催付", "payment reminder"),
    "cod_confirm": Words("货到付款核实", "pay-on-delivery check"),
    "address_check": Words("核对收件信息", "address check"),
    "shipping_notice": Words("发货通知", "shipping notice"),
    "review_case": Words("中差评处理", "bad review"),
    "call_back": Words("承诺回复", "call-back"),
}

_FIXED: tuple[Key, ...] = (
    Key(id="reply", group="reply", kind="duration", effect="deadline", rule="reply",
        zh="多久内回复", en="Reply within"),
    Key(id="reply_repeat", group="reply", kind="duration", effect="deadline", rule="reply",
        zh="同一次等待多久再计一次", en="Count the same wait again every", hint=_NEVER),
    Key(id="grace", group="reply", kind="duration", effect="deadline", rule="*",
        zh="接手宽限", en="Grace for a new holder",
        hint=Words("到期前不足此时长才接手的不扣", "who got it later than this is not charged")),
    Key(id="warn_before", group="reply", kind="duration", effect="sessions",
        zh="到期前多久预警", en="Warn before it is due"),
    Key(id="rescue_before", group="reply", kind="duration", effect="sessions",
        zh="到期前多久转给有空的人", en="Rescue before it is due",
        hint=Words("0 为不转", "0 for never")),
    Key(id="bots_answer", group="reply", kind="flag", effect="comes",
        zh="机器人的回复算应答", en="A bot's message answers"),
    Key(id="follow_up_from", group="follow_up", kind="duration", effect="deadline",
        rule="follow_up", zh="买家没反应,最早多久后追问", en="Ask again no sooner than"),
    Key(id="follow_up_to", group="follow_up", kind="duration", effect="deadline",
        rule="follow_up", zh="最晚多久内追问", en="Ask again no later than"),
    Key(id="farewells", group="follow_up", kind="words", effect="comes",
        zh="买家道别的话", en="Buyers' farewells",
        hint=Words("买家这样说,就不用追问", "after one of these nobody is asked again")),
    Key(id="check_all_orders", group="order", kind="flag", effect="orders",
        zh="没聊过的订单也要核对", en="Check orders without a session, too"),
    Key(id="order_window", group="order", kind="duration", effect="orders",
        zh="会话结束后多久内下单仍要核对", en="Check orders after a session's end within"),
    Key(id="reply_fine", group="fines", kind="fen", effect="fine", rule="reply",
        zh="回复超时,每次", en="A late reply"),
    Key(id="follow_up_fine", group="fines", kind="fen", effect="fine", rule="follow_up",
        zh="没有按时追问,每次", en="Not asking again in time"),
    Key(id="away_fine", group="fines", kind="fen", effect="away_fine",
        zh="没告知就离开,每次", en="Leaving without a word"),
    Key(id="handover_fine", group="fines", kind="fen", effect="duty", scope="desk",
        zh="交接班违规,每人", en="Handover, each person"),
    Key(id="honorific_every_message", group="conduct", kind="flag", effect="sent",
        zh="每句都要敬语", en="An honorific in every message"),
    Key(id="short_reply_min", group="conduct", kind="number", effect="sent",
        zh="回答至少几个字", en="Characters of an answer, at least"),
    Key(id="alternatives_min", group="conduct", kind="number", effect="sent",
        zh="说没有之前至少推荐几个产品", en='Products to recommend before "we don\'t have it"'),
    Key(id="harassment_messages", group="conduct", kind="number", effect="sent",
        zh="买家没回应时最多连发几条", en="Messages in a row to a silent buyer, at most"),
    Key(id="harassment_window", group="conduct", kind="duration", effect="sent",
        zh="连发的时间范围", en="Within"),
    Key(id="stall", group="conduct", kind="duration", effect="sent",
        zh="说稍等后多久内回来", en="Back after 稍等 within"),
    Key(id="away_return", group="away", kind="duration", effect="now",
        zh="回来后多久内回复被告知的买家", en="Answer those who were told within"),
    Key(id="away_messages", group="away", kind="choice", effect="sessions",
        choices=_AWAY_MESSAGES, zh="离开时买家来信", en="A buyer writes while one is away"),
    Key(id="presence_max", group="away", kind="duration", effect="now", scope="desk",
        zh="没有心跳的在线多久后结束", en="Presence without a heartbeat ends after",
        hint=Words("0 为不结束", "0 for never")),
    Key(id="presence_ends_with_shift", group="away", kind="flag", effect="now", scope="desk",
        zh="下班自动下线", en="Presence ends with the shift"),
    Key(id="handover_required", group="handover", kind="flag", effect="duty", scope="desk",
        zh="下班须交接", en="Ending a shift needs a handover"),
    Key(id="handover_grace", group="handover", kind="duration", effect="duty", scope="desk",
        zh="交接、接班的宽限", en="How late either may be"),
    Key(id="late_after", group="handover", kind="duration", effect="duty", scope="desk",
        zh="上班晚到多久算迟到", en="Late after"),
    Key(id="follows_within", group="handover", kind="duration", effect="duty", scope="desk",
        zh="前后班相隔多久以内算接班", en="A shift follows another within"),
    Key(id="service_hours", group="hours", kind="hours", effect="hours", scope="shop", rule="*",
        zh="服务时间", en="Service hours",
        hint=Words("北京时间;不设为全天。之外只计不罚", "Beijing time; none: always. Nobody is"
                   " charged outside them")),
    Key(id="strategy", group="assign", kind="choice", effect="assign", scope="desk",
        choices=_STRATEGIES, zh="分配方式", en="Who gets a session"),
    Key(id="sticky", group="assign", kind="duration", effect="assign",
        zh="熟客优先的时限", en="The same agent again within"),
    Key(id="away_text", group="auto", kind="text", effect="text",
        zh="离开时告知买家", en="Told when one goes away"),
    Key(id="queue_text", group="auto", kind="text", effect="text",
        zh="排队时", en="While a buyer queues", hint=Words("空着不发", "empty: nothing")),
    Key(id="out_of_hours_text", group="auto", kind="text", effect="text",
        zh="服务时间以外", en="Outside the service hours",
        hint=Words("空着不发", "empty: nothing")),
    Key(id="waiting_text", group="auto", kind="text", effect="text",
        zh="买家等久了", en="When a buyer has waited", hint=Words("空着不发", "empty: nothing")),
    Key(id="waiting_after", group="auto", kind="duration", effect="now",
        zh="等多久算久", en="Waited for"),
    Key(id="auto_period", group="auto", kind="duration", effect="now",
        zh="同一买家多久内最多各发一次", en="Each at most once a buyer within"),
    Key(id="message_expiry", group="auto", kind="duration", effect="text",
        zh="消息多久发不出就作废", en="A message not delivered expires after"),
    Key(id="bot_mode", group="bot", kind="choice", effect="now", choices=_BOT_MODES,
        zh="怎么用", en="Mode"),
    Key(id="bot_wait", group="bot", kind="duration", effect="now",
        zh="多久不答就转人工", en="People get the session after"),
    Key(id="session_idle", group="session", kind="duration", effect="idle",
        zh="多久没有消息,会话结束", en="A session ends without messages after"),
    Key(id="lateness", group="session", kind="duration", effect="lateness", scope="shop",
        zh="消息最多迟到多久仍按原时间判", en="How late a message may reach us"),
    Key(id="late_limit", group="session", kind="duration", effect="comes",
        zh="迟到更久的只存不判", en="What is later than this judges nothing"),
    Key(id="outage_grace", group="session", kind="duration", effect="now",
        zh="停机恢复后至少等多久再定案", en="After an outage, seal nothing before"),
)  # fmt: skip

PLAIN = frozenset(key.id for key in _FIXED) - {"strategy", "service_hours", "lateness"}
"""Those that stand in the `[policy]` table itself."""
OF_SHOP = frozenset({"service_hours", "lateness"})
"""Those that stand in a shop's own table."""

_DEFAULT_KINDS = frozenset(item.name for item in Policy().items)


def is_optional(kind: str) -> bool:
    """Whether a kind of work can be switched on and off here."""
    return kind in KNOWN_KINDS and kind not in _DEFAULT_KINDS


def _of_kind(kind: ItemKind) -> Iterable[Key]:
    name = kind.name
    words = RULES.get(name, Words(name, name))
    group = {"refund": "refund", "order_check": "order"}.get(name, "items")
    at = f"items.{name}"
    if is_optional(name):
        yield Key(
            id=f"{at}.on",
            group=group,
            kind="switch",
            effect="opens",
            rule=name,
            zh=words.zh,
            en=words.en,
        )
    if name != CALL_BACK.name:  # due when it was promised for
        yield Key(
            id=f"{at}.due",
            group=group,
            kind="duration",
            effect="deadline",
            rule=name,
            zh=f"{words.zh}:多久内完成",
            en=f"{words.en}: done within",
        )
    if kind.opens.value == "order.placed" and name != "order_check":
        yield Key(
            id=f"{at}.cut_off",
            group=group,
            kind="time",
            effect="deadline",
            rule=name,
            zh=f"{words.zh}:每天截单时间",
            en=f"{words.en}: daily cut-off",
        )
        yield Key(
            id=f"{at}.cut_off_before",
            group=group,
            kind="duration",
            effect="deadline",
            rule=name,
            zh=f"{words.zh}:截单前多久须做完",
            en=f"{words.en}: done this long before it",
        )
    if kind.auto_text:
        yield Key(
            id=f"{at}.auto_text",
            group=group,
            kind="text",
            effect="text",
            zh=f"{words.zh}:自动发送的话",
            en=f"{words.en}: the message",
            hint=Words("{order} 会换成订单号", "{order} becomes the order's number"),
        )
    yield Key(
        id=f"{at}.fine",
        group="fines",
        kind="fen",
        effect="fine",
        rule=name,
        zh=f"{words.zh}超时,每次",
        en=f"Late {words.en}",
    )


def _of_conduct(rule: str) -> Iterable[Key]:
    words = RULES[rule]
    at = f"conduct.{rule}"
    yield Key(
        id=f"{at}.sending",
        group="conduct",
        kind="choice",
        effect="sending",
        choices=_SENDINGS,
        zh=f"{words.zh}:发送前",
        en=f"{words.en}: before sending",
    )
    yield Key(
        id=f"{at}.charge",
        group="conduct",
        kind="choice",
        effect="sent_fine",
        rule=rule,
        choices=_CHARGES,
        zh=f"{words.zh}:何时扣款",
        en=f"{words.en}: charged",
    )
    yield Key(
        id=f"{at}.fine",
        group="fines",
        kind="fen",
        effect="sent_fine",
        rule=rule,
        zh=f"{words.zh},每句",
        en=f"{words.en}, each".capitalize(),
    )


@cache
def _known(further: tuple[ItemKind, ...]) -> tuple[Key, ...]:
    keys = [*_FIXED]
    for kind in (*KNOWN_KINDS.values(), *further):
        keys += _of_kind(kind)
    for rule in CONDUCT:
        keys += _of_conduct(rule.rule)
    order = list(GROUPS)
    return tuple(sorted(keys, key=lambda key: order.index(key.group)))


def catalogue(*desks: Desk) -> tuple[Key, ...]:
    """All keys, by group; those of the desks' own kinds of work among them."""
    further: dict[str, ItemKind] = {}
    for desk in desks:
        for policy in (desk.policy, *(shop.policy for shop in desk.shops if shop.policy)):
            further |= {item.name: item for item in policy.items if item.name not in KNOWN_KINDS}
    return _known(tuple(further.values()))
