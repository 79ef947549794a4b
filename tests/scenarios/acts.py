"""What may happen in a scenario: each sentence, and the command that it is."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from router.channels.bridge import shows
from router.core import commands as c
from router.marks import is_farewell
from tests.scenarios import acts_conduct, acts_people, acts_shift, acts_work
from tests.scenarios.desks import changed
from tests.scenarios.reading import Sentence, Template
from tests.scenarios.stage import Stage

Build = Callable[[Stage, Sentence], c.AnyCommand]

_REASONS = {
    "拍错": "mistaken_order",
    "重拍": "reorder",
    "不想买了": "changed_mind",
    "其他": "other",
}
_OUTCOMES = {"同意": "agreed", "拒绝": "refused", "撤回": "withdrawn"}
_RATINGS = {"好评": "good", "中评": "neutral", "差评": "bad"}
_EVENTS = {"下单": "placed", "付款": "paid", "发货": "shipped", "关闭": "closed"}
_PLATFORM = {"在线": "online", "挂起": "paused", "离线": "offline"}
_KINDS = {"文字": "text", "图片": "image", "订单卡": "order_card", "商品卡": "product_card"}
_SIDES = {"机器人": "bot", "自动": "auto"}


def _message_id(sentence: Sentence) -> str:
    """Its own, or one made of the line's number: the same in whatever order things come."""
    return sentence.option("编号") or f"第{sentence.place.number:03d}行"


def _kind(sentence: Sentence) -> str:
    word = sentence.option("类型", "文字")
    if word not in _KINDS:
        raise sentence.place.bad(f"类型={word} 应为其一:{'、'.join(_KINDS)}")
    return _KINDS[word]


def _content(sentence: Sentence) -> c.Content:
    return c.Content(
        text=sentence["text"],
        order=sentence.option("订单"),
        product=sentence.option("商品"),
        url=sentence.option("链接"),
    )


def _asks(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop = stage.shop_named(sentence).id
    kind, text = _kind(sentence), sentence["text"]
    return c.MessageReceived(
        shop=shop,
        buyer=sentence["buyer"],
        message=_message_id(sentence),
        sent_ms=sentence.sent_ms,
        kind=kind,  # type: ignore[arg-type]
        group=sentence.option("分组"),
        sub_account=sentence.option("子账号"),
        farewell=kind == "text" and is_farewell(text, stage.policy(shop).farewells),
        content=_content(sentence),
    )


def _recalls(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.MessageRecalled(
        shop=stage.shop_named(sentence).id,
        buyer=sentence["buyer"],
        message=sentence["message"],
        sent_ms=sentence.sent_ms,
    )


def _sent(stage: Stage, sentence: Sentence, sub_account: str, by: str) -> c.AnyCommand:
    kind = _kind(sentence)
    return c.MessageSent(
        shop=stage.shop_named(sentence).id,
        buyer=sentence["buyer"],
        message=_message_id(sentence),
        sent_ms=sentence.sent_ms,
        sub_account=sentence.option("子账号") or sub_account,
        kind=kind,  # type: ignore[arg-type]
        by=by,  # type: ignore[arg-type]
        shows=shows(kind, sentence["text"], sentence.option("订单")),
        content=_content(sentence),
    )


def _answers(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    agent = stage.agent(sentence, sentence["agent"])
    seat = sentence.option("子账号") or stage.seat(sentence, agent, stage.shop(sentence))
    return _sent(stage, sentence, seat, "human")


def _machine_answers(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return _sent(stage, sentence, "", sentence.pick("side", _SIDES))


def _writes(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    kind = _kind(sentence)
    return c.WriteMessage(
        shop=stage.shop_named(sentence).id,
        buyer=sentence["buyer"],
        agent=stage.agent(sentence, sentence["agent"]),
        message=_message_id(sentence),
        kind=kind,  # type: ignore[arg-type]
        shows=shows(kind, sentence["text"], sentence.option("订单")),
        category=sentence.option("分类"),
        content=_content(sentence),
    )


def _order(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop, order = stage.shop_named(sentence).id, sentence["order"]
    stage.buyer_of[order] = (shop, sentence["buyer"])
    return c.OrderChanged(
        event=sentence.pick("event", _EVENTS),  # type: ignore[arg-type]
        shop=shop,
        buyer=sentence["buyer"],
        order=order,
        sent_ms=sentence.sent_ms,
        pay_on_delivery=sentence.flag("货到付款"),
    )


def _refund(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop, refund = stage.shop_named(sentence).id, sentence["refund"]
    stage.buyer_of[refund] = (shop, sentence["buyer"])
    return c.RefundRequested(
        shop=shop,
        buyer=sentence["buyer"],
        order=sentence.option("订单", f"{refund}的订单"),
        refund=refund,
        reason=sentence.pick("reason", _REASONS),  # type: ignore[arg-type]
        sent_ms=sentence.sent_ms,
    )


def _resolved(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop, buyer = stage.whose(sentence, sentence["refund"])
    return c.RefundResolved(
        shop=shop,
        buyer=buyer,
        refund=sentence["refund"],
        outcome=sentence.pick("outcome", _OUTCOMES),  # type: ignore[arg-type]
        sent_ms=sentence.sent_ms,
        by_agent=sentence.words.get("agent", ""),
    )


def _escalated(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop, _ = stage.whose(sentence, sentence["refund"])
    return c.EscalateRefund(
        shop=shop,
        refund=sentence["refund"],
        agent=stage.agent(sentence, sentence["agent"]),
        reason=sentence.option("原因"),
    )


def _taken_over(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop, _ = stage.whose(sentence, sentence["refund"])
    return c.TakeOverRefund(
        shop=shop,
        refund=sentence["refund"],
        supervisor=sentence["supervisor"],
        sent_ms=sentence.sent_ms,
    )


def _reviewed(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop, order = stage.shop_named(sentence).id, sentence["order"]
    review = sentence.option("评价", f"{order}的评价")
    stage.buyer_of[review] = (shop, sentence["buyer"])
    return c.ReviewPosted(
        shop=shop,
        buyer=sentence["buyer"],
        order=order,
        review=review,
        rating=sentence.pick("rating", _RATINGS),  # type: ignore[arg-type]
        sent_ms=sentence.sent_ms,
    )


def _platform_closed(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.PlatformClosed(
        shop=stage.shop_named(sentence).id, buyer=sentence["buyer"], sent_ms=sentence.sent_ms
    )


def _platform_presence(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    sub = stage.sub_account(sentence, sentence["sub_account"])
    return c.SubAccountPresence(
        shop=sub.shop,
        sub_account=sub.id,
        presence=sentence.pick("presence", _PLATFORM),  # type: ignore[arg-type]
        sent_ms=sentence.sent_ms,
    )


# The system's own


def _outage(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    del stage
    from_ms, to_ms = sentence.time(sentence["from"]), sentence.time(sentence["to"])
    return c.NoteOutage(from_ms=from_ms, to_ms=to_ms)


def _policy_changed(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    policy = changed(stage.desk.policy, dict(sentence.options), sentence.place)
    return c.AdoptDesk(desk=msgspec.structs.replace(stage.desk, policy=policy))


def _people_changed(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    """The desk without an agent; their sub-accounts stay, operated by nobody."""
    gone = stage.agent(sentence, sentence["agent"])
    agents = tuple(agent for agent in stage.desk.agents if agent.id != gone)
    subs = tuple(
        msgspec.structs.replace(sub, agent="") if sub.agent == gone else sub
        for sub in stage.desk.sub_accounts
    )
    return c.AdoptDesk(desk=msgspec.structs.replace(stage.desk, agents=agents, sub_accounts=subs))


def _delivery(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.ReportDelivery(
        effect=f"{stage.shop(sentence)}/{sentence['message']}",
        shop=stage.shop(sentence),
        buyer=sentence["buyer"],
        message=sentence["message"],
        outcome=sentence.pick(  # type: ignore[arg-type]
            "outcome", {"送达": "delivered", "失败": "failed", "过期": "expired"}
        ),
    )


OUTAGE = "系统 停机 {from} 到 {to}"

_TEXT = ("店铺", "子账号", "编号", "类型", "订单", "商品", "链接")

ACTS: dict[str, tuple[Template, Build]] = {
    template.text: (template, build)
    for template, build in (
        (Template("买家 {buyer} 问 {text}", "a buyer writes", (*_TEXT, "分组")), _asks),
        (Template("买家 {buyer} 撤回 {message}", "a buyer recalls", ("店铺",)), _recalls),
        (
            Template(
                "买家 {buyer} 订单 {order} {event}",
                "an order is 下单 placed, 付款 paid, 发货 shipped, 关闭 closed",
                ("店铺", "货到付款"),
            ),
            _order,
        ),
        (
            Template(
                "买家 {buyer} 申请退款 {refund} {reason}",
                "a refund is requested: 拍错 mistaken_order, 重拍 reorder, 不想买了 changed_mind, "
                "其他 other",
                ("店铺", "订单"),
            ),
            _refund,
        ),
        (
            Template(
                "买家 {buyer} 评价 {order} {rating}",
                "a review is posted: 好评 good, 中评 neutral, 差评 bad",
                ("店铺", "评价"),
            ),
            _reviewed,
        ),
        (
            Template("客服 {agent} 答 {buyer} {text}", "an agent writes on the platform", _TEXT),
            _answers,
        ),
        (
            Template(
                "客服 {agent} 写 {buyer} {text}",
                "an agent writes through our API",
                (*_TEXT, "分类"),
            ),
            _writes,
        ),
        (
            Template("客服 {agent} 撤回 {buyer} {message}", "an agent recalls", ("店铺",)),
            _recalls,
        ),
        (
            Template(
                "{side} 答 {buyer} {text}", "the platform's 机器人 bot or 自动 auto-reply", _TEXT
            ),
            _machine_answers,
        ),
        (
            Template(
                "客服 {agent} 处理退款 {refund} {outcome}",
                "settled through our API: 同意 agreed, 拒绝 refused, 撤回 withdrawn",
                ("买家", "店铺"),
            ),
            _resolved,
        ),
        (
            Template("平台 退款 {refund} {outcome}", "settled on the platform", ("买家", "店铺")),
            _resolved,
        ),
        (
            Template("客服 {agent} 上报退款 {refund}", "an agent escalates a refund", ("原因",)),
            _escalated,
        ),
        (
            Template("主管 {supervisor} 接管退款 {refund}", "a supervisor takes a refund over"),
            _taken_over,
        ),
        (
            Template("平台 关闭会话 {buyer}", "the platform ends a session", ("店铺",)),
            _platform_closed,
        ),
        (
            Template(
                "平台 子账号 {sub_account} {presence}",
                "the platform's word: 在线 online, 挂起 paused, 离线 offline",
            ),
            _platform_presence,
        ),
        (Template(OUTAGE, "an outage is noted, at its end"), _outage),
        (
            Template("主管 {supervisor} 改政策", "policy: key=value of policy.Policy", ("*",)),
            _policy_changed,
        ),
        (Template("主管 {supervisor} 除名 {agent}", "an agent leaves the desk"), _people_changed),
        (
            Template(
                "平台 回报 {buyer} {message} {outcome}", "送达 delivered, 失败 failed, 过期 expired"
            ),
            _delivery,
        ),
        *acts_people.ACTS,
        *acts_shift.ACTS,
        *acts_conduct.ACTS,
        *acts_work.ACTS,
    )
}

SHUFFLED = frozenset(
    {
        "买家 {buyer} 问 {text}",
        "买家 {buyer} 撤回 {message}",
        "买家 {buyer} 订单 {order} {event}",
        "买家 {buyer} 申请退款 {refund} {reason}",
        "客服 {agent} 答 {buyer} {text}",
        "{side} 答 {buyer} {text}",
        "平台 退款 {refund} {outcome}",
        "平台 关闭会话 {buyer}",
    }
)
"""What a platform tells, and may tell late: their arrivals may be shuffled."""

__all__ = ["ACTS", "OUTAGE", "SHUFFLED", "Build"]
