"""The JSON shapes of the roster, of attendance and of handovers (RULES §5)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from router.http import views as v

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Time = Annotated[str, msgspec.Meta(max_length=40)]
Why = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
Note = Annotated[str, msgspec.Meta(max_length=10_000)]
Said = Annotated[str, msgspec.Meta(max_length=2_000)]


class ShiftView(v.View, frozen=True, kw_only=True):
    """A shift as it is planned, and what became of it."""

    id: str
    desk: str
    agent: str
    agent_name: str
    from_at: str
    to_at: str
    """Exclusive: the first moment that is not worked."""
    sub_accounts: list[str]
    """Empty: those that are theirs anyway."""
    breaks: list[v.Span]
    name: str
    state: Literal["planned", "on", "over", "cancelled"]
    presence: str
    """Of its agent, now."""
    came_at: str | None
    left_at: str | None
    """When they last went offline in it; null: they are here, or never came."""
    late_ms: int
    early_ms: int
    away_ms: int
    away_in_breaks_ms: int
    """How much of `away_ms` lies in planned breaks."""
    absent: bool
    handover: str
    """The one filed for it."""
    handover_due_at: str | None
    """Until when it has to be filed, once the shift has ended."""
    breach: str
    """What was charged for handing it over badly."""


class Shifts(v.Page, frozen=True, kw_only=True):
    shifts: list[ShiftView]


class PlannedView(v.View, frozen=True, kw_only=True):
    """A shift that would be, or was, planned."""

    agent: str
    from_at: str
    to_at: str
    sub_accounts: list[str]
    breaks: list[v.Span]
    name: str


class ColleagueView(v.View, frozen=True, kw_only=True):
    """A colleague's shift that shares sub-accounts with one's own."""

    shift: str
    agent: str
    agent_name: str
    from_at: str
    to_at: str
    sub_accounts: list[str]
    """Those that are shared."""


class ShiftAroundView(v.View, frozen=True, kw_only=True):
    """A shift, and those on the same sub-accounts."""

    shift: str
    sub_accounts: list[str]
    """The shift's own, or those that are its agent's anyway."""
    before: list[ColleagueView]
    """They hand over to this shift."""
    beside: list[ColleagueView]
    """They work at the same time."""
    after: ColleagueView | None
    """This shift is handed over to it."""


class AroundView(v.View, frozen=True, kw_only=True):
    shifts: list[ShiftAroundView]
    """The first 100."""


class ClashView(v.View, frozen=True, kw_only=True):
    """Two people rostered for the same sub-accounts at one time (`[from_at, to_at)`). A sub-account
    has one operator: who is there first has it."""

    sub_accounts: list[str]
    one: PlannedView
    other: PlannedView
    from_at: str
    to_at: str


class Clashes(v.View, frozen=True, kw_only=True):
    clashes: list[ClashView]
    """200 at most, by their beginnings."""


class RosterSubAccount(v.View, frozen=True, kw_only=True):
    id: str
    shop: str
    agent: str
    """Whose it is by the desk's configuration, when no shift says otherwise."""


class RosterPerson(v.View, frozen=True, kw_only=True):
    id: str
    name: str


class RosterNames(v.View, frozen=True, kw_only=True):
    """What a roster of this desk may name."""

    agents: list[RosterPerson]
    sub_accounts: list[RosterSubAccount]


class ChangeView(v.View, frozen=True, kw_only=True):
    before: PlannedView
    after: PlannedView


class RosterView(v.View, frozen=True, kw_only=True):
    """What a plan changes, or would change."""

    desk: str
    from_at: str
    to_at: str
    dry_run: bool
    added: list[PlannedView]
    removed: list[PlannedView]
    changed: list[ChangeView]
    """Of the same agent, on the same day (Asia/Shanghai)."""
    unchanged: int
    passed: int
    """How many are on already, or in the past as a whole: they were passed over."""
    clashes: list[ClashView]
    """As the roster is, or would be, 200 at most. They are no error: a sub-account that two share
    is the first one's, until they hand over."""
    digest: str
    """Of all that changes: `expect` it, and nothing else is taken over."""


class ShiftChangeView(v.View, frozen=True, kw_only=True):
    """A shift as it is, null where it is new; and as it would be, null where it goes."""

    before: PlannedView | None
    after: PlannedView | None


class GapView(v.View, frozen=True, kw_only=True):
    """Sub-accounts for which nobody would be rostered in `[from_at, to_at)`, as somebody is now."""

    sub_accounts: list[str]
    from_at: str
    to_at: str


class ShiftPreviewView(v.View, frozen=True, kw_only=True):
    """What a change of one shift, or of two, would come to."""

    changes: list[ShiftChangeView]
    """Empty: all is so already."""
    clashes: list[ClashView]
    """With the changed shifts, as the roster would be."""
    solved: list[ClashView]
    """Those that would be no more."""
    gaps: list[GapView]
    """From now on."""


class AttendanceRow(v.View, frozen=True, kw_only=True):
    """An agent's shifts of a period, in numbers: those that are on or over."""

    agent: str
    name: str
    shifts: int
    planned_ms: int
    late: int
    late_ms: int
    left_early: int
    early_ms: int
    absent: int
    away_ms: int
    away_in_breaks_ms: int


class AttendanceView(v.View, frozen=True, kw_only=True):
    agents: list[AttendanceRow]
    shifts: list[ShiftView]
    """Those in which something was the matter: late, left early, absent."""


class SwappedView(v.View, frozen=True, kw_only=True):
    one: ShiftView
    other: ShiftView


class WaitsView(v.View, frozen=True, kw_only=True):
    rule: str
    key: str
    due_at: str | None


class LineView(v.View, frozen=True, kw_only=True):
    """A line of a handover, or of its draft."""

    number: int
    """By which it is acknowledged; from 0."""
    about: Literal["session", "item", "promise", "other"]
    ref: str
    text: str
    shop: str
    buyer: str
    due_at: str | None
    kind: str = ""
    """Of a work item: `refund`, `call_back`, …; of a flag, in a draft: its rule."""
    key: str = ""
    order: str = ""
    reason: str = ""
    """Of an open work item, as there; of a call-back: what was promised."""
    open: bool = False
    """Whether what it names is open still."""
    holder: str = ""
    waits: tuple[WaitsView, ...] = ()
    """What a session waits for, and until when."""
    last: tuple[v.MessageView, ...] = ()
    """Its last messages (in a draft)."""
    taken_by: str = ""
    taken_at: str | None = None


class QuestionView(v.View, frozen=True, kw_only=True):
    number: int
    line: int
    """-1: about the whole."""
    agent: str
    text: str
    asked_at: str
    answered_by: str
    answer: str
    answered_at: str | None


class HandoverView(v.View, frozen=True, kw_only=True):
    """What one shift tells the next."""

    id: str
    desk: str
    agent: str
    shift: str
    filed_at: str
    note: str
    lines: list[LineView]
    to: str
    """Who has to acknowledge it; "": anybody may."""
    to_shift: str
    due_at: str | None
    by_router: bool
    """Filed by the router for somebody who had not."""
    questions: list[QuestionView]
    acknowledged_by: str
    acknowledged_at: str | None
    state: Literal["open", "acknowledged"]
    breach: str


class Handovers(v.Page, frozen=True, kw_only=True):
    handovers: list[HandoverView]


class DraftView(v.View, frozen=True, kw_only=True):
    """What the router would write: file it with words of one's own."""

    desk: str
    agent: str
    shift: str
    """Which shift it is of; "": none is on, or ended within 12 h."""
    due_at: str | None
    """Until when it has to be filed."""
    to: str
    """Who takes it over, by the roster."""
    to_shift: str
    lines: list[LineView]


class DutyView(v.View, frozen=True, kw_only=True):
    """A shift, who takes it over, and how far that has come."""

    shift: str
    desk: str
    agent: str
    name: str
    from_at: str
    to_at: str
    state: Literal["planned", "on", "over"]
    presence: str
    """Of its agent, now."""
    came: bool
    owed: bool
    """A handover has to be filed for it, and was not yet."""
    due_at: str | None
    """Until when it has to be filed; null: it does not have to be."""
    to: str
    """Who takes it over: whom the handover is for, else whom the roster tells; "": anybody."""
    to_shift: str
    handover: str
    """The one filed for it."""
    filed_at: str | None
    by_router: bool
    lines: int
    left: int
    """Lines that nobody has taken."""
    questions: int
    """Asked back, and not answered yet."""
    acknowledge_by: str | None
    acknowledged_by: str
    acknowledged_at: str | None
    breach: str
    """What was charged for handing it over badly,"""
    took_breach: str
    """and for not acknowledging it."""


class Duties(v.Page, frozen=True, kw_only=True):
    duties: list[DutyView]


# What comes in


class SpanBody(v.Asked, frozen=True, kw_only=True):
    from_at: Time
    to_at: Time


class ShiftBody(v.Asked, frozen=True, kw_only=True):
    """A shift as it shall be. Times are RFC 3339."""

    agent: Id
    from_at: Time
    to_at: Time
    sub_accounts: Annotated[tuple[v.Name, ...], msgspec.Meta(max_length=500)] = ()
    breaks: Annotated[tuple[SpanBody, ...], msgspec.Meta(max_length=20)] = ()
    name: v.Name = ""


class NewShiftBody(ShiftBody, frozen=True, kw_only=True):
    why: Why


class ShiftChangeBody(v.Asked, frozen=True, kw_only=True):
    """What is not named stays as it is."""

    why: Why
    agent: v.Name = ""
    from_at: Time = ""
    to_at: Time = ""
    sub_accounts: Annotated[tuple[v.Name, ...], msgspec.Meta(max_length=500)] | None = None
    breaks: Annotated[tuple[SpanBody, ...], msgspec.Meta(max_length=20)] | None = None
    name: v.Name | None = None


class CancelBody(v.Asked, frozen=True, kw_only=True):
    why: Why


class SwapBody(v.Asked, frozen=True, kw_only=True):
    other: Id
    why: Why


class ShiftPreviewBody(v.Asked, frozen=True, kw_only=True):
    """One change as it would be asked for: a new shift, without `shift`; `cancel`; the change of
    people with the shift `other`; else what is named of it changes."""

    shift: v.Name = ""
    cancel: bool = False
    other: v.Name = ""
    agent: v.Name = ""
    from_at: Time = ""
    to_at: Time = ""
    sub_accounts: Annotated[tuple[v.Name, ...], msgspec.Meta(max_length=500)] | None = None
    breaks: Annotated[tuple[SpanBody, ...], msgspec.Meta(max_length=20)] | None = None
    name: v.Name | None = None


class RosterBody(v.Asked, frozen=True, kw_only=True):
    """The roster of a period: what was planned to begin in it, and has not, is replaced."""

    from_at: Time
    to_at: Time
    shifts: tuple[ShiftBody, ...]
    agents: tuple[v.Name, ...] = ()
    """Whose plan it is; empty: everybody's."""
    why: v.Reason = ""


class RosterQuery(v.DeskQuery, frozen=True, kw_only=True):
    dry_run: bool = False
    expect: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """The `digest` of a dry run: refused (`roster_changed`) where by now it would change something
    else."""


class RosterImportQuery(RosterQuery, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "roster"
    """The file's name, as it stands in what is said of it."""


class ShiftsQuery(v.PageQuery, frozen=True, kw_only=True):
    """Shifts that touch `[from, to)`."""

    from_: Time = msgspec.field(name="from", default="")
    to: Time = ""
    agent: v.Name = ""
    state: Literal["", "planned", "on", "over", "cancelled"] = ""


class PeriodQuery(v.DeskQuery, frozen=True, kw_only=True):
    from_: Time = msgspec.field(name="from", default="")
    to: Time = ""
    agent: v.Name = ""


class AroundQuery(PeriodQuery, frozen=True, kw_only=True):
    """Shifts that touch `[from, to)`."""


class ClashesQuery(v.DeskQuery, frozen=True, kw_only=True):
    from_: Time = msgspec.field(name="from", default="")
    to: Time = ""


class RosterTemplateQuery(v.DeskQuery, frozen=True, kw_only=True):
    from_: Time = msgspec.field(name="from", default="")
    """In its first day; by default the Monday that comes next."""
    days: Annotated[int, msgspec.Meta(ge=1, le=62)] = 7


class RosterExportQuery(PeriodQuery, frozen=True, kw_only=True):
    format: Literal["xlsx", "csv"] = "xlsx"


class HandoversQuery(v.PageQuery, frozen=True, kw_only=True):
    q: v.Name = ""
    """Searches notes, lines, questions and answers."""
    agent: v.Name = ""
    """Who filed it."""
    from_: Time = msgspec.field(name="from", default="")
    to: Time = ""
    state: Literal["open", "all"] = "all"


class DutiesQuery(v.PageQuery, frozen=True, kw_only=True):
    """Shifts that end in `[from, to)`; without them from 12 h ago to 24 h ahead."""

    from_: Time = msgspec.field(name="from", default="")
    to: Time = ""


class DraftQuery(v.DeskQuery, frozen=True, kw_only=True):
    agent: v.Name = ""
    """Whose draft; supervisors name somebody."""


class LineBody(v.Asked, frozen=True, kw_only=True):
    about: Literal["session", "item", "promise", "other"]
    ref: v.Name = ""
    text: Said = ""
    shop: v.Name = ""
    buyer: v.Name = ""
    due_at: Time = ""
    """Of a promise: by when the buyer is called back."""


class HandoverBody(v.Asked, frozen=True, kw_only=True):
    lines: Annotated[tuple[LineBody, ...], msgspec.Meta(max_length=2_000)] = ()
    note: Note = ""
    shift: v.Name = ""
    """"": the one that is on, or ended last."""
    to: v.Name = ""
    """"": as the roster says."""


class AcknowledgeBody(v.Asked, frozen=True, kw_only=True):
    lines: Annotated[tuple[int, ...], msgspec.Meta(max_length=2_000)] = ()
    """Empty: the whole."""


class QuestionBody(v.Asked, frozen=True, kw_only=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
    line: Annotated[int, msgspec.Meta(ge=-1)] = -1


class AnswerBody(v.Asked, frozen=True, kw_only=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
