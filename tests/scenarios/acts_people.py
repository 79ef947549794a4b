"""What people may do in a scenario: presence, and what is done with sessions (RULES §3, §4)."""

from __future__ import annotations

from collections.abc import Callable

from router.core import commands as c
from tests.scenarios.reading import Sentence, Template, duration_ms
from tests.scenarios.stage import Stage

_PRESENCE = {"上线": "online", "离开": "away", "下线": "offline"}
_CHOICES = {"": "", "告知": "inform", "转接": "transfer"}


# Presence


def _presence(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    choice = sentence.option("买家")
    if choice not in _CHOICES:
        raise sentence.place.bad("买家= 应为:告知 或 转接")
    back = sentence.option("回来")
    return c.SetPresence(
        agent=stage.agent(sentence, sentence["agent"]),
        to=sentence.pick("presence", _PRESENCE),  # type: ignore[arg-type]
        reason=sentence.option("原因"),
        open_sessions=_CHOICES[choice],  # type: ignore[arg-type]
        back_in_ms=duration_ms(back, sentence.place) if back else 0,
        by=sentence.words.get("supervisor", ""),
        console=sentence.flag("控制台"),
    )


def _silent(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.GoSilent(
        agent=stage.agent(sentence, sentence["agent"]), since_ms=sentence.time(sentence["since"])
    )


def _pause(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.PauseSubAccount(
        sub_account=stage.sub_account(sentence, sentence["sub_account"]).id,
        paused=sentence.pick("what", {"挂起": "1", "恢复": ""}) == "1",
        by=sentence["supervisor"],
    )


def _sign_on(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    agent = sentence["agent"]
    return c.SignOn(
        sub_account=stage.sub_account(sentence, sentence["sub_account"]).id,
        agent="" if agent == "无人" else stage.agent(sentence, agent),
        by=sentence.words.get("supervisor", agent),
    )


# Sessions


def _close(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    supervisor = sentence.words.get("supervisor", "")
    return c.CloseSession(
        shop=stage.shop_named(sentence).id,
        buyer=sentence["buyer"],
        agent=supervisor or stage.agent(sentence, sentence["agent"]),
        sent_ms=sentence.sent_ms,
        supervisor=bool(supervisor),
        reason=sentence.option("原因"),
    )


def _transfer(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shop, to = stage.shop_named(sentence).id, sentence["to"]
    supervisor = sentence.words.get("supervisor", "")
    seat = to if ":" in to else stage.seat(sentence, stage.agent(sentence, to), shop)
    return c.TransferSession(
        shop=shop,
        buyer=sentence["buyer"],
        to=seat,
        by=supervisor or stage.agent(sentence, sentence["agent"]),
        supervisor=bool(supervisor),
        reason=sentence.option("原因"),
    )


def _claim(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.ClaimSession(
        shop=stage.shop_named(sentence).id,
        buyer=sentence["buyer"],
        agent=stage.agent(sentence, sentence["agent"]),
    )


def _reassign(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    to = sentence.option("给")
    return c.ReassignAgent(
        agent=stage.agent(sentence, sentence["agent"]),
        supervisor=sentence["supervisor"],
        to=stage.agent(sentence, to) if to else "",
        reason=sentence.option("原因"),
    )


def _waive(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    agent, rule = sentence["agent"], sentence["rule"]
    fitting = [b for b in stage.breaches(sentence, rule) if b.agent in (agent, "")]
    if not fitting:
        raise sentence.place.bad(f"{agent} 没有 {rule} 的违规可以免除")
    open_ones = [b for b in fitting if not b.waived]
    breach = (open_ones or fitting)[0]
    return c.WaiveBreach(
        supervisor=sentence["supervisor"], why=sentence.option("原因"), breach=breach.id
    )


ACTS: tuple[tuple[Template, Callable[[Stage, Sentence], c.AnyCommand]], ...] = (
    (
        Template(
            "客服 {agent} {presence}",
            "presence: 上线 online, 离开 away, 下线 offline; 买家=告知 inform or 转接 transfer",
            ("原因", "买家", "回来", "控制台"),
        ),
        _presence,
    ),
    (
        Template(
            "主管 {supervisor} 设 {agent} {presence}",
            "a supervisor sets somebody's presence",
            ("原因", "买家", "回来"),
        ),
        _presence,
    ),
    (
        Template("系统 失联 {agent} {since}", "an agent's console is gone since then"),
        _silent,
    ),
    (
        Template(
            "主管 {supervisor} {what} 子账号 {sub_account}", "挂起 paused or 恢复 resumed here"
        ),
        _pause,
    ),
    (
        Template("客服 {agent} 登录 {sub_account}", "an agent signs on to a sub-account"),
        _sign_on,
    ),
    (
        Template(
            "主管 {supervisor} 让 {agent} 登录 {sub_account}",
            "a supervisor signs one on; 无人: none",
        ),
        _sign_on,
    ),
    (
        Template("客服 {agent} 关闭会话 {buyer}", "the holder closes a session", ("店铺",)),
        _close,
    ),
    (
        Template("主管 {supervisor} 关闭会话 {buyer}", "a supervisor closes one", ("店铺", "原因")),
        _close,
    ),
    (
        Template(
            "客服 {agent} 转接 {buyer} 给 {to}",
            "the holder transfers (agent or sub-account)",
            ("店铺",),
        ),
        _transfer,
    ),
    (
        Template(
            "主管 {supervisor} 转接 {buyer} 给 {to}", "a supervisor reassigns", ("店铺", "原因")
        ),
        _transfer,
    ),
    (
        Template("客服 {agent} 领取 {buyer}", "an agent takes one from the queue", ("店铺",)),
        _claim,
    ),
    (
        Template(
            "主管 {supervisor} 移走 {agent} 的全部",
            "a supervisor moves all that an agent holds",
            ("给", "原因"),
        ),
        _reassign,
    ),
    (
        Template(
            "主管 {supervisor} 免除 {agent} {rule}",
            "a supervisor waives a charge",
            ("原因", "买家", "单号", "应于", "店铺"),
        ),
        _waive,
    ),
)
