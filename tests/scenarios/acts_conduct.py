"""What may happen of conduct findings and appeals (RULES §1, §6)."""

from __future__ import annotations

from collections.abc import Callable

from router.core import commands as c
from router.core.records import Flag
from tests.scenarios.reading import Sentence, Template
from tests.scenarios.stage import Stage


def find_flag(stage: Stage, sentence: Sentence, agent: str, rule: str) -> Flag:
    """The agent's first flag of this rule that fits the options, an open one if there is one.

    Raises `BadScenario`.
    """
    buyer = sentence.option("买家")
    found = [
        flag
        for flag in stage.state.flags.values()
        if flag.agent == agent and flag.rule == rule and (not buyer or flag.buyer == buyer)
    ]
    if not found:
        raise sentence.place.bad(f"{agent} 没有 {rule} 的标记")
    return next((flag for flag in found if flag.state == "open"), found[0])


def _raise(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    """As the inspector would: about the agent's message of that id."""
    agent, rule = stage.agent(sentence, sentence["agent"]), sentence["rule"]
    shop, message = stage.shop(sentence), sentence["message"]
    thread = stage.thread(sentence, sentence["buyer"])
    session = thread.session or (thread.past[-1].id if thread.past else "")
    return c.RaiseFlag(
        flag=f"{rule}:{message}:{sentence.option('位置', '0')}",
        rule=rule,
        shop=shop,
        buyer=sentence["buyer"],
        session=session,
        message=message,
        agent=agent,
        sub_account=stage.seat(sentence, agent, shop),
        sent_ms=sentence.sent_ms,
        offset=stage.offset,
        matched=sentence.option("命中"),
        source=f"{rule}.txt:1",
    )


def _confirm(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.ConfirmFlag(
        flag=find_flag(stage, sentence, sentence["agent"], sentence["rule"]).id,
        supervisor=sentence["supervisor"],
        why=sentence.option("原因"),
    )


def _dismiss(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.DismissFlag(
        flag=find_flag(stage, sentence, sentence["agent"], sentence["rule"]).id,
        supervisor=sentence["supervisor"],
        why=sentence.option("原因"),
        allow=sentence.option("放行"),
    )


def _allow(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    del stage
    return c.AllowPhrase(
        phrase=sentence["phrase"],
        by=sentence["supervisor"],
        rule=sentence.option("规则"),
        shop=sentence.option("店铺"),
        why=sentence.option("原因"),
    )


def _forbid(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    del stage
    return c.ForbidPhrase(
        phrase=sentence["phrase"],
        by=sentence["supervisor"],
        rule=sentence.option("规则"),
        shop=sentence.option("店铺"),
    )


def _appeal(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    agent, rule = sentence["agent"], sentence["rule"]
    of = sentence.option("谁的", agent)
    breaches = [breach.id for breach in stage.breaches(sentence, rule)]
    for entry in stage.state.entries.values():
        if entry.kind == "charge" and entry.breach in breaches and entry.agent == of:
            return c.AppealCharge(entry=entry.id, agent=agent, why=sentence.option("理由"))
    raise sentence.place.bad(f"{of} 没有 {rule} 的罚款可以申诉")


def _answer_appeal(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    found = [a for a in stage.state.appeals.values() if a.agent == sentence["agent"]]
    if not found:
        raise sentence.place.bad(f"{sentence['agent']} 没有申诉")
    return c.AnswerAppeal(
        appeal=found[-1].id,
        supervisor=sentence["supervisor"],
        accepted=sentence.pick("answer", {"接受": "1", "驳回": ""}) == "1",
        why=sentence.option("原因"),
    )


ACTS: tuple[tuple[Template, Callable[[Stage, Sentence], c.AnyCommand]], ...] = (
    (
        Template(
            "质检 标记 {agent} {rule} {buyer} {message}",
            "the inspector raises a flag about a message",
            ("店铺", "命中", "位置"),
        ),
        _raise,
    ),
    (
        Template(
            "主管 {supervisor} 确认标记 {agent} {rule}", "a flag is confirmed", ("原因", "买家")
        ),
        _confirm,
    ),
    (
        Template(
            "主管 {supervisor} 驳回标记 {agent} {rule}",
            "a flag is dismissed; 放行= puts a phrase on the allow-list",
            ("原因", "买家", "放行"),
        ),
        _dismiss,
    ),
    (
        Template(
            "主管 {supervisor} 放行 {phrase}",
            "a phrase is put on the allow-list",
            ("规则", "店铺", "原因"),
        ),
        _allow,
    ),
    (
        Template("主管 {supervisor} 取消放行 {phrase}", "and taken off it", ("规则", "店铺")),
        _forbid,
    ),
    (
        Template(
            "客服 {agent} 申诉 {rule}",
            "an agent appeals against a charge",
            ("理由", "买家", "单号", "应于", "谁的"),
        ),
        _appeal,
    ),
    (
        Template(
            "主管 {supervisor} 答复申诉 {agent} {answer}",
            "the answer: 接受 accepted (the charge is waived), 驳回 refused",
            ("原因",),
        ),
        _answer_appeal,
    ),
)
