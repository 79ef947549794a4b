"""`/v1/stats`: a desk's day by hour — arrivals, waits, breaches, rates; by shop and by agent."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from router.clocktime import format_ms
from router.core.policy import HOUR_MS
from router.core.state import State
from router.http import views_stats as v
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route
from router.http.stats_keeping import Known
from router.stats import Hour, Part, Rate, Spans, day_of, first_ms_of, summary

EPOCH = date(1970, 1, 1)
NOTHING = Part(Hour())


async def get_stats(call: Call) -> v.StatsView:
    query = call.query(v.StatsQuery)
    desk = call.one_desk(query.desk)
    state = call.state(desk)
    now_ms = call.context.service.partition(desk).owner.clock_ms
    day = _day(query.day, now_ms)
    stats = call.context.stats
    known = await stats.of(desk, day, now_ms)
    view = await stats.recent.get(desk, day, query.shop, known.seq)
    if view is None:
        began_s = asyncio.get_running_loop().time()
        view = _view(state, day, now_ms, known, query.shop)
        stats.recent.keep(desk, day, query.shop, view, seq=known.seq, began_s=began_s)
    return view


def _view(state: State, day: int, now_ms: int, known: Known, shop: str) -> v.StatsView:
    """Raises a 404 for a shop of which nothing is known."""
    found = summary(known.day, now_ms, shop)
    if shop and shop not in state.shops and shop not in found.shops:
        raise Problem(404, f"no shop {shop!r}", reason="unknown")
    names = {each.id: each.name for each in state.desk.shops}
    first_ms = first_ms_of(day)
    return v.StatsView(
        desk=state.desk.id,
        day=(EPOCH + timedelta(days=day)).isoformat(),
        time_zone="Asia/Shanghai",
        now=format_ms(now_ms),
        since_at=format_ms(known.since_ms) if known.since_ms > first_ms else None,
        hours=[_part(part, first_ms + hour * HOUR_MS) for hour, part in enumerate(found.hours)],
        total=_part(found.total, first_ms),
        in_3min=_rate(found.in_3min),
        in_30s=_rate(found.in_30s),
        shops=[
            _shop(each, names.get(each, ""), found.shops.get(each, NOTHING))
            for each in dict.fromkeys((*names, *sorted(found.shops)))
        ],
        agents=[_agent(state, agent, part) for agent, part in sorted(found.agents.items())],
    )


def _day(text: str, now_ms: int) -> int:
    """Raises a 400 for what is no day, or is yet to come."""
    today = day_of(now_ms)
    if not text:
        return today
    try:
        day = (date.fromisoformat(text) - EPOCH).days
    except ValueError:
        raise Problem(400, "$.day: expected a day like 2026-11-21", reason="bad_request") from None
    if day > today:
        raise Problem(400, "$.day: this day is yet to come", reason="bad_request")
    return day


def _part(part: Part, from_ms: int) -> v.PartView:
    sums = part.sums
    return v.PartView(
        from_at=format_ms(from_ms),
        messages=sums.messages,
        sessions=sums.sessions,
        in_time=_rate(part.in_time),
        in_3min=_rate(part.in_3min),
        in_30s=_rate(part.in_30s),
        reply=_spans(sums.replies, part.longest_ms),
        first_reply=_spans(sums.first_replies, sums.first_replies.longest_ms),
        unanswered=sums.unanswered,
        waiting=part.waiting,
        queued=sums.queued,
        queue_max_ms=sums.queue_ms if sums.queued else None,
        breaches={rule: count for rule, count in sorted(sums.breaches.items()) if count},
    )


def _rate(rate: Rate) -> v.RateView:
    return v.RateView(met=rate.met, of=rate.of)


def _spans(spans: Spans, longest_ms: int | None) -> v.SpansView:
    return v.SpansView(
        count=spans.count,
        mean_ms=spans.mean_ms,
        median_ms=spans.quantile_ms(50),
        p90_ms=spans.quantile_ms(90),
        max_ms=longest_ms,
    )


def _shop(shop: str, name: str, part: Part) -> v.ShopStats:
    sums = part.sums
    return v.ShopStats(
        shop=shop,
        name=name,
        messages=sums.messages,
        sessions=sums.sessions,
        in_time=_rate(part.in_time),
        mean_reply_ms=sums.replies.mean_ms,
        breaches=sum(sums.breaches.values()),
    )


def _agent(state: State, agent: str, part: Part) -> v.AgentStats:
    sums = part.sums
    known = next((each for each in state.desk.agents if each.id == agent), None)
    return v.AgentStats(
        agent=agent,
        name=known.name if known else "",
        sessions=sums.received,
        messages=sums.sent,
        replies=sums.replies.count,
        in_time=_rate(part.in_time),
        mean_first_ms=sums.first_replies.mean_ms,
        mean_reply_ms=sums.replies.mean_ms,
        breaches=sum(sums.breaches.values()),
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/stats",
        handler=get_stats,
        summary="A day by hour: arrivals, waits, breaches and reply rates; by shop and by agent",
        summary_zh="按小时的一日数据:进线、等待、违规、回复率;分店铺、分客服",
        tag="live",
        roles=SUPERVISORS,
        query=v.StatsQuery,
        answer=v.StatsView,
    ),
)
