"""What may happen of further work (RULES §9), and what a bot does."""

from __future__ import annotations

from collections.abc import Callable

from router.channels.bridge import shows
from router.core import commands as c
from tests.scenarios.reading import Sentence, Template
from tests.scenarios.stage import Stage

_FLAGS = {"红": "red", "黄": "yellow", "绿": "green", "蓝": "blue", "紫": "purple"}


def _promise(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop = stage.shop(sentence)
    key = sentence.option("编号")
    if key:
        stage.buyer_of[key] = (shop, sentence["buyer"])
    return c.PromiseCallBack(
        shop=shop,
        buyer=sentence["buyer"],
        agent=stage.agent(sentence, sentence["agent"]),
        due_ms=sentence.time(sentence["due"]),
        text=sentence["text"],
        call_back=key,
    )


def _withdraw(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    supervisor = sentence.words.get("supervisor", "")
    return c.WithdrawCallBack(
        shop=stage.shop(sentence),
        call_back=sentence["key"],
        by=supervisor or stage.agent(sentence, sentence["agent"]),
        why=sentence.option("原因"),
        supervisor=bool(supervisor),
    )


def _note(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.NoteItem(
        shop=stage.shop(sentence),
        kind=sentence["kind"],
        key=sentence["key"],
        agent=stage.agent(sentence, sentence["agent"]),
        text=sentence["text"],
        evidence=sentence.many("凭证"),
    )


def _remark(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop, buyer = stage.whose(sentence, sentence["order"])
    return c.SetRemark(
        shop=shop,
        buyer=buyer,
        order=sentence["order"],
        agent=stage.agent(sentence, sentence["agent"]),
        reason=sentence["text"],
        flag=_FLAGS[sentence.option("旗", "红")],  # type: ignore[arg-type]
    )


def _session(stage: Stage, sentence: Sentence) -> str:
    return stage.thread(sentence, sentence["buyer"]).session


def _bot_writes(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop, buyer = stage.shop(sentence), sentence["buyer"]
    back = int(sentence.option("答前", "0"))
    asked = sorted(offset for offset in stage.asked if stage.asked[offset] == (shop, buyer))
    if len(asked) <= back:
        raise sentence.place.bad(f"{buyer} 还没有问过")
    return c.WriteForBot(
        shop=shop,
        buyer=buyer,
        session=_session(stage, sentence),
        message=f"第{sentence.place.number:03d}行",
        asked=asked[-1 - back],
        shows=shows("text", sentence["text"], ""),
        content=c.Content(text=sentence["text"]),
    )


def _bot_hands_over(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.HandOverFromBot(
        shop=stage.shop(sentence),
        buyer=sentence["buyer"],
        session=_session(stage, sentence),
        why=sentence.option("原因", "买家要人工"),
        transcript=sentence.option("摘要"),
    )


ACTS: tuple[tuple[Template, Callable[[Stage, Sentence], c.AnyCommand]], ...] = (
    (
        Template(
            "客服 {agent} 承诺 {buyer} {due} {text}",
            "an agent promises to call back by then",
            ("店铺", "编号"),
        ),
        _promise,
    ),
    (
        Template("客服 {agent} 撤回承诺 {key}", "it is withdrawn", ("店铺", "原因")),
        _withdraw,
    ),
    (
        Template("主管 {supervisor} 撤回承诺 {key}", "by a supervisor", ("店铺", "原因")),
        _withdraw,
    ),
    (
        Template(
            "客服 {agent} 记录 {kind} {key} {text}",
            "an agent's note on a work item",
            ("店铺", "凭证"),
        ),
        _note,
    ),
    (
        Template("客服 {agent} 备注订单 {order} {text}", "an order's remark; 旗=红 red …", ("旗",)),
        _remark,
    ),
    (
        Template(
            "机器人 写 {buyer} {text}",
            "the shop's bot answers (答前=1: the last question but one)",
            ("店铺", "答前"),
        ),
        _bot_writes,
    ),
    (
        Template(
            "机器人 转人工 {buyer}", "the bot gives the session to people", ("店铺", "原因", "摘要")
        ),
        _bot_hands_over,
    ),
)
