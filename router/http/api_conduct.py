"""`/v1/flags`, `/v1/allow-list`, `/v1/conduct/check`: findings, and what people say to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast

from router.clocktime import format_ms
from router.core import commands as c
from router.core.records import Allowed, Flag
from router.http import showing
from router.http import views_conduct as v
from router.http.api_ledger import between
from router.http.api_sessions import find
from router.http.checking import BLOCK, WARN
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route
from router.http.views import DeskQuery

TAG = "conduct"


def shown(desk: str, flag: Flag) -> v.FlagView:
    return v.FlagView(
        id=flag.id,
        desk=desk,
        rule=flag.rule,
        shop=flag.shop,
        buyer=flag.buyer,
        session=flag.session,
        message=flag.message,
        agent=flag.agent,
        sub_account=flag.sub_account,
        sent_at=format_ms(flag.sent_ms),
        raised_at=format_ms(flag.raised_ms),
        start=flag.start,
        end=flag.end,
        matched=flag.matched,
        source=flag.source,
        detail=flag.detail,
        state=flag.state,
        by=flag.by,
        why=flag.why,
        answered_at=showing.at(flag.at_ms),
        breach=flag.breach,
        proof=list(flag.proof),
    )


def _flags(call: Call, query: v.FlagsQuery) -> Iterator[tuple[str, Flag]]:
    in_time = between(query.from_, query.to)
    for desk in call.desks(query.desk):
        for flag in call.state(desk).flags.values():
            if in_time(flag.sent_ms) and _wanted(call, query, flag):
                yield desk, flag


def _wanted(call: Call, query: v.FlagsQuery, flag: Flag) -> bool:
    if not call.supervises and flag.agent != call.agent:
        return False
    return (
        query.agent in ("", flag.agent)
        and query.shop in ("", flag.shop)
        and query.rule in ("", flag.rule)
        and query.state in ("", flag.state)
    )


async def get_flags(call: Call) -> v.Flags:
    query = call.query(v.FlagsQuery)
    found, cursor = showing.page(
        _flags(call, query), lambda pair: pair[1].id, query, newest_first=True
    )
    flags = await call.named([shown(desk, flag) for desk, flag in found])
    return v.Flags(flags=flags, next_cursor=cursor)


def _flag(call: Call) -> tuple[str, Flag]:
    """The flag that is named, of a desk that the caller sees. Raises a 404, and a 403 for the
    caller's own: nobody judges themselves."""
    desk = showing.desk_of(call.id, "f")
    flag = call.state(desk).flags.get(call.id) if desk in call.desks() else None
    if flag is None:
        raise Problem(404, f"no flag {call.id[:200]!r}", reason="no_such_flag")
    if call.user.agent and call.user.agent == flag.agent:
        raise Problem(403, "somebody else has to judge what you wrote", reason="own_flag")
    return desk, flag


async def confirm(call: Call) -> v.FlagView:
    body = await call.body(v.ConfirmBody)
    desk, flag = _flag(call)
    await call.ask(desk, c.ConfirmFlag(flag=flag.id, supervisor=call.user.id, why=body.why))
    return shown(desk, call.state(desk).flags[flag.id])


async def dismiss(call: Call) -> v.FlagView:
    body = await call.body(v.DismissBody)
    desk, flag = _flag(call)
    command = c.DismissFlag(flag=flag.id, supervisor=call.user.id, why=body.why, allow=body.allow)
    await call.ask(desk, command)
    return shown(desk, call.state(desk).flags[flag.id])


# The allow-list


def _allowed(desk: str, entry: Allowed) -> v.AllowedView:
    return v.AllowedView(
        desk=desk,
        phrase=entry.phrase,
        rule=entry.rule,
        shop=entry.shop,
        by=entry.by,
        why=entry.why,
        at=format_ms(entry.at_ms),
        flag=entry.flag,
    )


def _list(call: Call, wanted: str = "") -> v.AllowList:
    return v.AllowList(
        allowed=[
            _allowed(desk, entry)
            for desk in call.desks(wanted)
            for _, entry in sorted(call.state(desk).allowed.items())
        ]
    )


async def get_allow_list(call: Call) -> v.AllowList:
    return _list(call, call.query(DeskQuery).desk)


async def allow(call: Call) -> v.AllowList:
    body = await call.body(v.AllowBody)
    desk = call.one_desk(body.desk)
    command = c.AllowPhrase(
        phrase=body.phrase, by=call.user.id, rule=body.rule, shop=body.shop, why=body.why
    )
    await call.ask(desk, command)
    return _list(call, desk)


async def forbid(call: Call) -> v.AllowList:
    query = call.query(v.ForbidQuery)
    desk = call.one_desk(query.desk)
    command = c.ForbidPhrase(phrase=query.phrase, by=call.user.id, rule=query.rule, shop=query.shop)
    await call.ask(desk, command)
    return _list(call, desk)


# Before it is sent


async def check(call: Call) -> v.CheckView:
    body = await call.body(v.CheckBody)
    ref = find(call, body.session) if body.session else None
    if ref is not None and ref.past is not None:
        raise Problem(409, f"session {ref.id} has ended", reason="no_open_session")
    desk = ref.desk if ref is not None else _desk_of_shop(call, body.shop)
    state = call.state(desk)
    shop = ref.thread.shop if ref is not None else body.shop or next(iter(state.shops), "")
    content = c.Content(text=body.text)
    found = await call.context.checking.found(state, shop, content, body.kind, ref)
    modes = [each.sending for each in found]
    sending = BLOCK if BLOCK in modes else WARN if WARN in modes else "record"
    return v.CheckView(
        findings=[each.view for each in found],
        sending=cast(Literal["record", "warn", "block"], sending),
    )


def _desk_of_shop(call: Call, shop: str) -> str:
    """The desk that the shop is of, among those the caller sees; without a shop the first."""
    for desk in call.desks():
        if not shop or shop in call.state(desk).shops:
            return desk
    raise Problem(404, f"no shop {shop[:200]!r}", reason="unknown_shop")


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/flags",
        handler=get_flags,
        summary="Conduct flags with their evidence, by when the message was sent; newest first",
        summary_zh="用语违规标记及证据;新的在前",
        tag=TAG,
        query=v.FlagsQuery,
        answer=v.Flags,
    ),
    Route(
        method="POST",
        path="/v1/flags/{id}/confirm",
        handler=confirm,
        summary="Agree with a flag; what its rule costs is charged",
        summary_zh="确认标记;该规则有罚款的,记入台账",
        tag=TAG,
        roles=SUPERVISORS,
        body=v.ConfirmBody,
        answer=v.FlagView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/flags/{id}/dismiss",
        handler=dismiss,
        summary="Disagree with a flag, with a reason; a charge is reversed",
        summary_zh="驳回标记,须写明原因;已罚的冲回,可把该词列入白名单",
        tag=TAG,
        roles=SUPERVISORS,
        body=v.DismissBody,
        answer=v.FlagView,
        refuses=True,
    ),
    Route(
        method="GET",
        path="/v1/allow-list",
        handler=get_allow_list,
        summary="Phrases that are not flagged",
        summary_zh="白名单:不再标记的词语",
        tag=TAG,
        query=DeskQuery,
        answer=v.AllowList,
    ),
    Route(
        method="POST",
        path="/v1/allow-list",
        handler=allow,
        summary="Put a phrase on the allow-list",
        summary_zh="把词语列入白名单",
        tag=TAG,
        roles=SUPERVISORS,
        body=v.AllowBody,
        answer=v.AllowList,
        status=201,
        refuses=True,
    ),
    Route(
        method="DELETE",
        path="/v1/allow-list",
        handler=forbid,
        summary="Take a phrase off the allow-list",
        summary_zh="把词语移出白名单",
        tag=TAG,
        roles=SUPERVISORS,
        query=v.ForbidQuery,
        answer=v.AllowList,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/conduct/check",
        handler=check,
        summary="What would be flagged about a text, were it sent now",
        summary_zh="发送前检查:这段话会被标记什么",
        tag=TAG,
        acts=False,
        body=v.CheckBody,
        answer=v.CheckView,
        refuses=True,
    ),
)
