"""What may be expected of shifts, handovers and flags (RULES §5, §6)."""

from __future__ import annotations

from collections.abc import Callable

from tests.scenarios.acts_shift import find_handover, find_shift
from tests.scenarios.reading import Sentence, Template, clock, duration_ms
from tests.scenarios.stage import Stage

_SHIFT = {"未开始": "planned", "上班中": "on", "已结束": "over"}
_FLAG = {"待定": "open", "已确认": "confirmed", "已驳回": "dismissed"}


def _shift(stage: Stage, sentence: Sentence) -> None:
    shift = find_shift(stage, sentence, sentence["agent"], sentence["span"])
    if shift.state != sentence.pick("state", _SHIFT):
        raise sentence.place.unmet(f"班次状态是 {shift.state}")


def _attendance(stage: Stage, sentence: Sentence) -> None:
    shift = find_shift(stage, sentence, sentence["agent"], sentence["span"])
    found = {
        "迟到": shift.late_ms,
        "早退": shift.early_ms,
        "离开": shift.away_ms,
        "缺勤": "是" if shift.absent else "否",
    }
    for key in ("迟到", "早退", "离开"):
        wanted = sentence.option(key)
        if wanted and found[key] != duration_ms(wanted, sentence.place):
            raise sentence.place.unmet(f"{key} {found[key]} ms")
    if sentence.option("缺勤") and found["缺勤"] != sentence.option("缺勤"):
        raise sentence.place.unmet(f"缺勤:{found['缺勤']}")


def _handover(stage: Stage, sentence: Sentence) -> None:
    handover = find_handover(stage, sentence, sentence["agent"])
    taken = sum(1 for line in handover.lines if line.taken_by)
    found = {
        "给": handover.to,
        "行数": str(len(handover.lines)),
        "已接": str(taken),
        "接班人": handover.acknowledged_by or "无",
        "期限": clock(handover.due_ms) if handover.due_ms else "无",
        "问题": str(len(handover.questions)),
    }
    for key, values in sentence.options.items():
        wanted = values[-1]
        if key == "期限" and wanted != "无":
            wanted = clock(sentence.time(wanted))
        if found[key] != wanted:
            raise sentence.place.unmet(f"{key}是 {found[key]}")


def _no_handover(stage: Stage, sentence: Sentence) -> None:
    if any(h.agent == sentence["agent"] for h in stage.state.handovers.values()):
        raise sentence.place.unmet("有交班单")


def _flag(stage: Stage, sentence: Sentence) -> None:
    agent, rule = stage.agent(sentence, sentence["agent"]), sentence["rule"]
    state = sentence.pick("state", _FLAG)
    buyer, matched = sentence.option("买家"), sentence.option("命中")
    message = sentence.option("消息")
    for flag in stage.state.flags.values():
        if (flag.agent, flag.rule, flag.state) != (agent, rule, state):
            continue
        if (buyer and flag.buyer != buyer) or (matched and flag.matched != matched):
            continue
        if (message and flag.message != message) or (flag.id, state) in stage.flags_claimed:
            continue
        stage.flags_claimed[flag.id, state] = None
        return
    told = ";".join(
        f"{f.rule} {f.agent} {f.buyer} {f.message} {f.state} {f.matched!r}"
        for f in stage.state.flags.values()
    )
    raise sentence.place.unmet(f"没有这样的标记;已有:{told or '(无)'}")


def _no_flag(stage: Stage, sentence: Sentence) -> None:
    found = [flag.rule for flag in stage.state.flags.values() if flag.state != "dismissed"]
    if found:
        raise sentence.place.unmet(f"有标记:{'、'.join(found)}")


EXPECTATIONS: tuple[tuple[Template, Callable[[Stage, Sentence], None]], ...] = (
    (
        Template("期待 班次 {agent} {span} {state}", "shift: 未开始 上班中 已结束"),
        _shift,
    ),
    (
        Template(
            "期待 考勤 {agent} {span}",
            "attendance: 迟到=5m late, 早退= left early, 离开= away, 缺勤=是 absent",
            ("迟到", "早退", "离开", "缺勤"),
        ),
        _attendance,
    ),
    (
        Template(
            "期待 交班单 {agent}",
            "the handover that an agent filed last",
            ("给", "行数", "已接", "接班人", "期限", "问题"),
        ),
        _handover,
    ),
    (Template("期待 没有交班单 {agent}", "none was filed"), _no_handover),
    (
        Template(
            "期待 标记 {agent} {rule} {state}",
            "a flag: 待定 open, 已确认 confirmed, 已驳回 dismissed",
            ("买家", "命中", "消息"),
        ),
        _flag,
    ),
    (Template("期待 没有标记", "no flag but dismissed ones"), _no_flag),
)
