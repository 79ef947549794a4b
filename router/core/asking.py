"""Questions back about a handover, and their answers (RULES §5)."""

from __future__ import annotations

from router.core import commands as c
from router.core.facts import HandoverAnswered, HandoverAsked
from router.core.outcome import Rejected
from router.core.records import Handover, Question
from router.core.state import State

QUESTIONS_MOST = 200


def ask(state: State, command: c.AskHandover) -> Rejected | None:
    """A question back: of whom it is for, of a supervisor, or of who filed it, to add something.

    Refused: `no_such_handover`, `unknown_agent`, `not_yours`, `no_such_line`, `nothing_said`,
    `too_many_questions`.
    """
    handover = state.handovers.get(command.handover)
    if handover is None:
        return Rejected("no_such_handover", command.handover)
    if not command.supervisor and command.agent not in state.persons:
        return Rejected("unknown_agent", command.agent)
    if not (command.supervisor or _takes_part(handover, command.agent)):
        return Rejected("not_yours", handover.id)
    if not -1 <= command.line < len(handover.lines):
        return Rejected("no_such_line", str(command.line))
    if not command.text.strip():
        return Rejected("nothing_said", "a question has words")
    if len(handover.questions) >= QUESTIONS_MOST:
        return Rejected("too_many_questions", f"at most {QUESTIONS_MOST}")
    handover.questions.append(Question(command.line, command.agent, command.text, state.at_ms))
    state.changed(handover)
    outgoing = command.agent == handover.agent
    state.say(
        HandoverAsked(
            at_ms=state.at_ms,
            handover=handover.id,
            question=len(handover.questions) - 1,
            line=command.line,
            agent=command.agent,
            to=(handover.acknowledged_by or handover.to) if outgoing else handover.agent,
        )
    )
    return None


def _takes_part(handover: Handover, agent: str) -> bool:
    if not handover.to:
        return True
    takers = (line.taken_by for line in handover.lines)
    return agent in (handover.agent, handover.to, handover.acknowledged_by, *takers)


def answer(state: State, command: c.AnswerHandover) -> Rejected | None:
    """Refused: `no_such_handover`, `no_such_question`, `not_yours`, `own_question`,
    `answered_already`, `nothing_said`."""
    handover = state.handovers.get(command.handover)
    if handover is None:
        return Rejected("no_such_handover", command.handover)
    if not 0 <= command.question < len(handover.questions):
        return Rejected("no_such_question", str(command.question))
    if not (command.supervisor or _takes_part(handover, command.agent)):
        return Rejected("not_yours", handover.id)
    question = handover.questions[command.question]
    if question.agent == command.agent:
        return Rejected("own_question", str(command.question))
    if question.answered_ms:
        return Rejected("answered_already", question.answered_by)
    if not command.text.strip():
        return Rejected("nothing_said", "an answer has words")
    question.answered_by = command.agent
    question.answer = command.text
    question.answered_ms = state.at_ms
    state.changed(handover)
    state.say(
        HandoverAnswered(
            at_ms=state.at_ms,
            handover=handover.id,
            question=command.question,
            agent=command.agent,
        )
    )
    return None
