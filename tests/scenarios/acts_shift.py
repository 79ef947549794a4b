"""What may happen of shifts and their handover (RULES §5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from router.core import commands as c
from router.core.commands_shift import HandoverLine, PlannedShift
from router.core.records import Handover, Shift
from tests.scenarios.reading import Sentence, Template
from tests.scenarios.stage import Stage


def span_ms(sentence: Sentence, text: str) -> tuple[int, int]:
    """From and to of "09:00-18:00"."""
    begin, dash, end = text.partition("-")
    if not dash:
        raise sentence.place.bad(f"{text!r} 应为时间段(例:09:00-18:00、22:00-30:00)")
    return sentence.time(begin), sentence.time(end)


def _breaks(sentence: Sentence) -> tuple[tuple[int, int], ...]:
    return tuple(span_ms(sentence, each) for each in sentence.many("休息"))


def _planned(stage: Stage, sentence: Sentence, agent: str, span: str) -> PlannedShift:
    from_ms, to_ms = span_ms(sentence, span)
    return PlannedShift(
        agent=stage.agent(sentence, agent),
        from_ms=from_ms,
        to_ms=to_ms,
        sub_accounts=sentence.many("子账号"),
        breaks=_breaks(sentence),
    )


def find_shift(stage: Stage, sentence: Sentence, agent: str, span: str) -> Shift:
    """The agent's shift of this time that is not cancelled. Raises `BadScenario`."""
    from_ms, to_ms = span_ms(sentence, span)
    for shift in stage.state.shifts.values():
        if (shift.agent, shift.from_ms, shift.to_ms) == (agent, from_ms, to_ms):
            if shift.state != "cancelled":
                return shift
    raise sentence.place.bad(f"{agent} 没有班次 {span}")


def _plan(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    from_ms, to_ms = span_ms(sentence, sentence["span"])
    shifts: list[PlannedShift] = []
    for agent, spans in sentence.options.items():
        for span in spans:
            begin, end = span_ms(sentence, span)
            shifts.append(
                PlannedShift(agent=stage.agent(sentence, agent), from_ms=begin, to_ms=end)
            )
    return c.PlanShifts(
        from_ms=from_ms, to_ms=to_ms, shifts=tuple(shifts), by=sentence["supervisor"]
    )


def _add(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.ChangeShift(
        by=sentence["supervisor"],
        why=sentence.option("原因", "加班次"),
        planned=_planned(stage, sentence, sentence["agent"], sentence["span"]),
    )


def _change(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shift = find_shift(stage, sentence, sentence["agent"], sentence["span"])
    return c.ChangeShift(
        by=sentence["supervisor"],
        why=sentence.option("原因", "改班次"),
        shift=shift.id,
        planned=_planned(stage, sentence, sentence["agent"], sentence["new"]),
    )


def _cancel(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    shift = find_shift(stage, sentence, sentence["agent"], sentence["span"])
    return c.ChangeShift(
        by=sentence["supervisor"], why=sentence.option("原因", "取消"), shift=shift.id, cancel=True
    )


def _swap(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.SwapShifts(
        one=find_shift(stage, sentence, sentence["one"], sentence["one_span"]).id,
        other=find_shift(stage, sentence, sentence["other"], sentence["other_span"]).id,
        by=sentence["supervisor"],
        why=sentence.option("原因", "换班"),
    )


# Handover


def _about(sentence: Sentence, value: str) -> tuple[str, str]:
    ref, colon, text = value.partition(":")
    if not colon:
        raise sentence.place.bad(f'{value!r} 应为 名称:"说明"')
    return ref, text


def _lines(stage: Stage, sentence: Sentence) -> tuple[HandoverLine, ...]:
    shop = stage.shop(sentence)
    lines: list[HandoverLine] = []
    for value in sentence.many("会话"):
        buyer, text = _about(sentence, value)
        session = stage.thread(sentence, buyer).session
        lines.append(HandoverLine(about="session", ref=session, text=text))
    for value in sentence.many("工作"):
        name, text = _about(sentence, value)
        kind, _, key = name.partition("/")
        thread = stage.state.items.get((shop, kind, key))
        if thread is None:
            raise sentence.place.bad(f"没有未完成的工作 {name}")
        lines.append(HandoverLine(about="item", ref=thread.work[name].id, text=text))
    for value in sentence.many("承诺"):
        name, text = _about(sentence, value.replace(":", "\x00", value.count(":") - 1))
        buyer, _, due = name.replace("\x00", ":").partition("@")
        lines.append(
            HandoverLine(
                about="promise", text=text, shop=shop, buyer=buyer, due_ms=sentence.time(due)
            )
        )
    other: Literal["other"] = "other"
    lines += [HandoverLine(about=other, text=text) for text in sentence.many("其他")]
    return tuple(lines)


def _file(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    agent = stage.agent(sentence, sentence["agent"])
    span, to = sentence.option("班次"), sentence.option("给")
    return c.FileHandover(
        agent=agent,
        lines=_lines(stage, sentence),
        note=sentence.option("说明"),
        shift=find_shift(stage, sentence, agent, span).id if span else "",
        to=stage.agent(sentence, to) if to else "",
    )


def find_handover(stage: Stage, sentence: Sentence, agent: str) -> Handover:
    """The latest one that this agent filed. Raises `BadScenario`."""
    found = [h for h in stage.state.handovers.values() if h.agent == agent]
    if not found:
        raise sentence.place.bad(f"{agent} 还没有交班")
    return max(found, key=lambda handover: handover.no)


def _acknowledge(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    of = sentence.option("交班人")
    lines = tuple(int(number) for number in sentence.option("行").split(",") if number)
    return c.AcknowledgeHandover(
        agent=stage.agent(sentence, sentence["agent"]),
        handover=find_handover(stage, sentence, of).id if of else "",
        lines=lines,
    )


def _ask(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    return c.AskHandover(
        handover=find_handover(stage, sentence, sentence["of"]).id,
        agent=stage.agent(sentence, sentence["agent"]),
        text=sentence["text"],
        line=int(sentence.option("行", "-1")),
    )


def _answer(stage: Stage, sentence: Sentence) -> c.AnyCommand:
    agent = stage.agent(sentence, sentence["agent"])
    of = sentence.option("交班人", agent)
    return c.AnswerHandover(
        handover=find_handover(stage, sentence, of).id,
        question=int(sentence.option("问题", "0")),
        agent=agent,
        text=sentence["text"],
    )


_LINES = ("会话", "工作", "承诺", "其他", "说明", "班次", "给", "店铺")

ACTS: tuple[tuple[Template, Callable[[Stage, Sentence], c.AnyCommand]], ...] = (
    (
        Template(
            "主管 {supervisor} 排班表 {span}", "the roster of a period: agent=09:00-18:00 …", ("*",)
        ),
        _plan,
    ),
    (
        Template(
            "主管 {supervisor} 加班次 {agent} {span}",
            "a shift is added",
            ("原因", "子账号", "休息"),
        ),
        _add,
    ),
    (
        Template(
            "主管 {supervisor} 改班次 {agent} {span} 为 {new}",
            "a shift is changed",
            ("原因", "子账号", "休息"),
        ),
        _change,
    ),
    (
        Template("主管 {supervisor} 取消班次 {agent} {span}", "a shift is cancelled", ("原因",)),
        _cancel,
    ),
    (
        Template(
            "主管 {supervisor} 换班 {one} {one_span} 与 {other} {other_span}",
            "two shifts change their people",
            ("原因",),
        ),
        _swap,
    ),
    (
        Template(
            "客服 {agent} 交班",
            'a handover is filed: 会话=b1:"…" 工作=refund/R1:"…" 承诺=b1@18:00:"…" 其他="…"',
            _LINES,
        ),
        _file,
    ),
    (
        Template("客服 {agent} 接班", "it is acknowledged: the whole, or 行=0,1", ("行", "交班人")),
        _acknowledge,
    ),
    (
        Template("客服 {agent} 问交班人 {of} {text}", "a question back about it", ("行",)),
        _ask,
    ),
    (
        Template("客服 {agent} 回答接班人 {text}", "the answer", ("问题", "交班人")),
        _answer,
    ),
)
