"""What may be expected in a scenario, and how it is looked up on the stage.

An expectation at `t` sees all that was due before `t` and the commands of `t` above its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from router.core.facts import AnyFact, DeadlineMissed, DeadlineWarned, DeliveryRequested
from router.core.records import Breach
from tests.scenarios import expectations_shift
from tests.scenarios.reading import Sentence, Template, clock, fen
from tests.scenarios.stage import Stage

Look = Callable[[Stage, Sentence], None]

_ABOUT = ("买家", "单号", "应于", "店铺")
_PRESENCE = {"在线": "online", "离开": "away", "离线": "offline"}


def _holder(stage: Stage, sentence: Sentence) -> None:
    thread = stage.thread(sentence, sentence["buyer"])
    if not thread.session:
        raise sentence.place.unmet(f"{thread.buyer} 没有打开的会话")
    if thread.agent != sentence["agent"]:
        raise sentence.place.unmet(f"会话在 {thread.agent or '(排队)'},应在 {sentence['agent']}")
    seat, cause = sentence.option("子账号"), sentence.option("缘由")
    if seat and thread.sub_account != seat:
        raise sentence.place.unmet(f"子账号是 {thread.sub_account},应是 {seat}")
    if cause and thread.holds[-1].cause != cause:
        raise sentence.place.unmet(f"缘由是 {thread.holds[-1].cause},应是 {cause}")


def _queued(stage: Stage, sentence: Sentence) -> None:
    thread = stage.thread(sentence, sentence["buyer"])
    if not thread.session or thread.agent:
        what = f"在 {thread.agent}" if thread.session else "已关闭"
        raise sentence.place.unmet(f"会话{what},应在排队")


def _closed(stage: Stage, sentence: Sentence) -> None:
    thread = stage.thread(sentence, sentence["buyer"])
    if thread.session:
        raise sentence.place.unmet(f"会话还开着({thread.agent or '排队'})")
    why = sentence.option("缘由")
    if why and (not thread.past or thread.past[-1].why != why):
        found = thread.past[-1].why if thread.past else "从未有过"
        raise sentence.place.unmet(f"关闭缘由是 {found},应是 {why}")
    ended = sentence.option("于")
    if ended and thread.past[-1].ended_ms != sentence.time(ended):
        raise sentence.place.unmet(f"关闭于 {clock(thread.past[-1].ended_ms)}")


def _closing(stage: Stage, sentence: Sentence) -> None:
    thread = stage.thread(sentence, sentence["buyer"])
    if thread.state != "closing":
        raise sentence.place.unmet(f"会话状态是 {thread.state or '已关闭'},应是 closing")


def _sessions(stage: Stage, sentence: Sentence) -> None:
    found = stage.state.counters.sessions
    if found != int(sentence["number"]):
        raise sentence.place.unmet(f"开过 {found} 个会话")


def _queue(stage: Stage, sentence: Sentence) -> None:
    found = [
        piece.work or stage.state.threads[piece.thread].buyer
        for piece, _, _ in stage.state.queue.pieces()
    ]
    wanted = [] if sentence["pieces"] == "空" else sentence["pieces"].split()
    if found != wanted:
        raise sentence.place.unmet(f"排队的是:{' '.join(found) or '空'}")


def _load(stage: Stage, sentence: Sentence) -> None:
    found = stage.state.persons[stage.agent(sentence, sentence["agent"])].load
    if found != int(sentence["number"]):
        raise sentence.place.unmet(f"{sentence['agent']} 接待 {found} 人")


def _presence(stage: Stage, sentence: Sentence) -> None:
    person = stage.state.persons[stage.agent(sentence, sentence["agent"])]
    if person.presence != sentence.pick("presence", _PRESENCE):
        raise sentence.place.unmet(f"{person.id} 是 {person.presence}")
    if sentence.option("原因") and person.reason != sentence.option("原因"):
        raise sentence.place.unmet(f"原因是 {person.reason!r}")


# Breaches and the ledger


def _claim(stage: Stage, sentence: Sentence, fits: Callable[[Breach], bool]) -> Breach:
    """The first fitting breach that no line above has named."""
    found = stage.breaches(sentence, sentence["rule"])
    for breach in found:
        if breach.id not in stage.claimed and fits(breach):
            stage.claimed[breach.id] = None
            return breach
    raise sentence.place.unmet(
        f"没有这样的违规;已有:{_all_told(stage, stage.state.breaches.values())}"
    )


def _all_told(stage: Stage, breaches: Iterable[Breach]) -> str:
    return ";".join(stage.told(breach) for breach in breaches) or "(无)"


def _fined(stage: Stage, sentence: Sentence) -> None:
    agent, fine_fen = stage_agent(stage, sentence), fen(sentence["yuan"], sentence.place)
    _claim(
        stage,
        sentence,
        lambda b: b.agent == agent and b.fine_fen == fine_fen and not b.reversed and not b.waived,
    )


def stage_agent(stage: Stage, sentence: Sentence) -> str:
    """Anybody who is named in a breach, also one who has left the desk."""
    agent = sentence["agent"]
    known = {a.id: None for a in stage.desk.agents} | {
        b.agent: None for b in stage.state.breaches.values()
    }
    if agent not in known:
        raise sentence.place.bad(f"没有客服 {agent}")
    return agent


def _counted(stage: Stage, sentence: Sentence) -> None:
    agent = stage_agent(stage, sentence)
    _claim(
        stage,
        sentence,
        lambda b: b.agent == agent and not b.fine_fen and not b.reversed and not b.waived,
    )


def _unfined(stage: Stage, sentence: Sentence) -> None:
    why = sentence["why"]
    _claim(stage, sentence, lambda b: not b.agent and b.uncharged == why and not b.reversed)


def _reversed(stage: Stage, sentence: Sentence) -> None:
    _lifted(stage, sentence, "撤销", lambda b: b.reversed)


def _waived(stage: Stage, sentence: Sentence) -> None:
    _lifted(stage, sentence, "免除", lambda b: b.waived)


def _lifted(stage: Stage, sentence: Sentence, what: str, fits: Callable[[Breach], bool]) -> None:
    found = stage.breaches(sentence, sentence["rule"])
    for breach in found:
        if fits(breach):
            stage.claimed[breach.id] = None
            return
    raise sentence.place.unmet(f"没有{what};已有:{_all_told(stage, found)}")


def _no_breach(stage: Stage, sentence: Sentence) -> None:
    standing = [b for b in stage.state.breaches.values() if not b.reversed]
    if standing:
        raise sentence.place.unmet(f"有违规:{_all_told(stage, standing)}")


def _owes(stage: Stage, sentence: Sentence) -> None:
    agent, wanted = sentence["agent"], fen(sentence["yuan"], sentence.place)
    found = sum(e.fine_fen for e in stage.state.entries.values() if e.agent == agent)
    if found != wanted:
        raise sentence.place.unmet(f"{agent} 的账上是 {found / 100:.2f}")


# What was said


def _missed(stage: Stage, sentence: Sentence) -> None:
    _said(
        stage,
        sentence,
        lambda f: (
            isinstance(f, DeadlineMissed)
            and f.buyer == sentence["buyer"]
            and f.rule == sentence["rule"]
        ),
    )


def _is_warning(sentence: Sentence, fact: AnyFact) -> bool:
    wanted = {"": "", "窗口": "window_open", "将到": "due_soon"}[sentence.option("何事")]
    return (
        isinstance(fact, DeadlineWarned)
        and fact.agent == sentence["agent"]
        and fact.rule == sentence["rule"]
        and (not wanted or fact.what == wanted)
    )


def _warned(stage: Stage, sentence: Sentence) -> None:
    _said(stage, sentence, lambda fact: _is_warning(sentence, fact))


def _not_warned(stage: Stage, sentence: Sentence) -> None:
    _not_said(stage, sentence, lambda fact: _is_warning(sentence, fact))


def _is_text(sentence: Sentence, fact: AnyFact) -> bool:
    return (
        isinstance(fact, DeliveryRequested)
        and fact.buyer == sentence["buyer"]
        and sentence["text"] in fact.text
    )


def _auto_text(stage: Stage, sentence: Sentence) -> None:
    _said(stage, sentence, lambda fact: bool(fact_text(fact)) and _is_text(sentence, fact))


def fact_text(fact: AnyFact) -> str:
    return fact.text if isinstance(fact, DeliveryRequested) else ""


def _no_auto_text(stage: Stage, sentence: Sentence) -> None:
    _not_said(
        stage,
        sentence,
        lambda fact: (
            isinstance(fact, DeliveryRequested)
            and bool(fact.text)
            and fact.buyer == sentence["buyer"]
        ),
    )


def _is_fact(sentence: Sentence, fact: AnyFact) -> bool:
    if fact.__struct_config__.tag != sentence["fact"]:
        return False
    fields = msgspec.to_builtins(fact)
    for key, values in sentence.options.items():
        if key in ("于", "次数"):
            continue
        if key not in fact.__struct_fields__:
            raise sentence.place.bad(f"{sentence['fact']} 没有 {key}")
        found = fields.get(key, getattr(fact, key))
        wanted = str(sentence.time(values[-1])) if key.endswith("_ms") else values[-1]
        if isinstance(found, bool):
            found = "是" if found else "否"
        if str(found) != wanted:
            return False
    return True


def _fact(stage: Stage, sentence: Sentence) -> None:
    _said(stage, sentence, lambda fact: _is_fact(sentence, fact))


def _no_fact(stage: Stage, sentence: Sentence) -> None:
    _not_said(stage, sentence, lambda fact: _is_fact(sentence, fact))


def _said(stage: Stage, sentence: Sentence, fits: Callable[[AnyFact], bool]) -> None:
    """It was said up to now; `于=`: at that very moment; `次数=`: so often."""
    found = [fact for fact in stage.facts if fits(fact) and _about(sentence, fact)]
    at, times = sentence.option("于"), sentence.option("次数")
    if at:
        at_ms = sentence.time(at)
        matching = [fact for fact in found if fact.at_ms == at_ms]
    else:
        matching = found
    if not matching or (times and len(matching) != int(times)):
        told = "、".join(clock(fact.at_ms) for fact in found) or "从未"
        raise sentence.place.unmet(f"没有发生;有过的时刻:{told}")


def _not_said(stage: Stage, sentence: Sentence, fits: Callable[[AnyFact], bool]) -> None:
    found = [fact for fact in stage.facts if fits(fact) and _about(sentence, fact)]
    if found:
        raise sentence.place.unmet(f"发生了:{clock(found[0].at_ms)} {found[0]}")


def _about(sentence: Sentence, fact: AnyFact) -> bool:
    buyer, key = sentence.option("买家"), sentence.option("单号")
    return (not buyer or getattr(fact, "buyer", "") == buyer) and (
        not key or getattr(fact, "key", "") == key
    )


# Work


def _item(stage: Stage, sentence: Sentence) -> None:
    thread = stage.state.items.get((stage.shop(sentence), sentence["kind"], sentence["key"]))
    where = sentence["where"]
    if thread is None:
        if where not in ("已结", "没有"):
            raise sentence.place.unmet("没有这项未完成的工作")
        return
    work = thread.work[f"{sentence['kind']}/{sentence['key']}"]
    if work.taken_by:
        found = "主管"
    elif work.queued:
        found = "排队"
    else:
        found = work.agent
    if found != where:
        raise sentence.place.unmet(f"{work.kind} {work.key} 在 {found}")
    due = sentence.option("应于")
    if due and work.due_ms != (0 if due == "无" else sentence.time(due)):
        told = clock(work.due_ms) if work.due_ms else "无"
        raise sentence.place.unmet(f"期限是 {told}")
    if sentence.option("报主管") and work.for_supervisors != sentence.flag("报主管"):
        raise sentence.place.unmet(f"报主管:{'是' if work.for_supervisors else '否'}")


EXPECTATIONS: dict[str, tuple[Template, Look]] = {
    template.text: (template, look)
    for template, look in (
        (
            Template("期待 会话 {buyer} 在 {agent}", "held by", ("店铺", "缘由", "子账号")),
            _holder,
        ),
        (Template("期待 会话 {buyer} 排队", "in the queue", ("店铺",)), _queued),
        (
            Template("期待 会话 {buyer} 已关闭", "closed; 缘由 holder…", ("店铺", "缘由", "于")),
            _closed,
        ),
        (
            Template("期待 会话 {buyer} 关闭中", "the platform's close waits", ("店铺",)),
            _closing,
        ),
        (Template("期待 会话数 {number}", "sessions opened so far"), _sessions),
        (Template("期待 排队 {pieces*}", "the queue, in order; 空: empty"), _queue),
        (Template("期待 接待 {agent} {number}", "sessions that an agent holds"), _load),
        (
            Template("期待 状态 {agent} {presence}", "presence: 在线 离开 离线", ("原因",)),
            _presence,
        ),
        (
            Template("期待 罚款 {agent} {rule} {yuan}", "a charge that stands", _ABOUT),
            _fined,
        ),
        (
            Template(
                "期待 违规 {agent} {rule}", "a breach on somebody's name, without a fine", _ABOUT
            ),
            _counted,
        ),
        (
            Template("期待 不罚 {rule} {why}", "a breach that is charged to nobody", _ABOUT),
            _unfined,
        ),
        (Template("期待 撤销 {rule}", "reversed by late proof", _ABOUT), _reversed),
        (Template("期待 免除 {rule}", "waived", _ABOUT), _waived),
        (Template("期待 没有违规", "no breach stands"), _no_breach),
        (Template("期待 账 {agent} {yuan}", "the sum of an agent's ledger"), _owes),
        (
            Template("期待 超时 {buyer} {rule}", "noticed at due", ("于", "次数", "单号")),
            _missed,
        ),
        (
            Template(
                "期待 预警 {agent} {rule}",
                "warned; 何事=窗口 window_open or 将到 due_soon",
                ("于", "次数", "买家", "单号", "何事"),
            ),
            _warned,
        ),
        (
            Template("期待 没有预警 {agent} {rule}", "not warned", ("买家", "单号", "何事")),
            _not_warned,
        ),
        (
            Template("期待 自动发 {buyer} {text}", "an automatic text goes out", ("于", "次数")),
            _auto_text,
        ),
        (Template("期待 没有自动发 {buyer}", "none did"), _no_auto_text),
        (
            Template("期待 事实 {fact}", "this fact was said, with these fields", ("*",)),
            _fact,
        ),
        (Template("期待 没有事实 {fact}", "it was not", ("*",)), _no_fact),
        (
            Template(
                "期待 工作 {kind} {key} 在 {where}",
                "work held by; 排队 queued, 主管 taken over, 已结 settled",
                ("店铺", "应于", "报主管"),
            ),
            _item,
        ),
        *expectations_shift.EXPECTATIONS,
    )
}

__all__ = ["EXPECTATIONS", "Look"]
