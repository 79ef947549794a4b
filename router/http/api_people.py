"""`/v1/me` and `/v1/agents`: who is here, and what becomes of what they hold."""

from __future__ import annotations

from router.core import commands as c
from router.core import facts as f
from router.core.state import State
from router.http import showing
from router.http import views as v
from router.http.api_sessions import locate
from router.http.problems import Problem
from router.http.routes import SUPERVISORS, Call, Route
from router.http.showing import Ref

TAG = "people"


def roster(call: Call, desk: str) -> showing.Roster:
    clock_ms = call.context.service.partition(desk).owner.clock_ms
    return showing.Roster(desk, call.state(desk), call.context.attendance.streams, clock_ms)


def _agent(call: Call, desk: str, agent: str) -> v.AgentView:
    return roster(call, desk).agent(call.state(desk).persons[agent])


def _desk_of(call: Call, agent: str) -> str:
    """Where this agent works. Raises a 404."""
    for desk in call.desks():
        if agent in call.state(desk).persons:
            return desk
    raise Problem(404, f"no agent {agent[:200]!r}", reason="unknown_agent")


async def _me(call: Call) -> v.MeView:
    overseers = await call.context.gate.overseers(call.desks())
    agent = None
    for desk in call.desks():
        if call.user.agent and call.user.agent in call.state(desk).persons:
            agent = _agent(call, desk, call.user.agent)
    return v.MeView(
        user=call.user.id,
        name=call.user.name,
        role=call.user.role,
        desks=call.desks(),
        agent=agent,
        supervisors=[v.PersonView(id=user.id, name=user.name) for user in overseers],
    )


async def get_me(call: Call) -> v.MeView:
    return await _me(call)


async def put_my_presence(call: Call) -> v.MeView:
    agent = call.agent
    body = await call.body(v.PresenceBody)
    desk = _desk_of(call, agent)
    await _set(call, desk, agent, body, by=agent)
    return await _me(call)


async def put_presence(call: Call) -> v.AgentView:
    body = await call.body(v.PresenceBody)
    desk = _desk_of(call, call.id)
    if not body.reason:
        detail = "a supervisor who sets somebody's presence says why"
        raise Problem(409, detail, reason="reason_needed")
    await _set(call, desk, call.id, body, by=call.user.id)
    return _agent(call, desk, call.id)


async def _set(call: Call, desk: str, agent: str, body: v.PresenceBody, *, by: str) -> None:
    command = c.SetPresence(
        agent=agent,
        to=body.to,
        reason=body.reason,
        open_sessions=body.open_sessions,
        back_in_ms=body.back_in_s * 1_000,
        by=by,
        console=body.console and by == agent,
    )
    try:
        await call.ask(desk, command)
    except Problem as problem:
        if problem.reason == "open_sessions_choice_needed":
            sessions = _named(desk, call.state(desk), problem.detail)
            problem.more["sessions"] = await call.named(sessions)
            problem.detail = "buyers are waiting: choose open_sessions, inform or transfer"
        raise


def _named(desk: str, state: State, names: str) -> list[v.SessionView]:
    """The core names them by id, with commas between; those that have ended since are left out."""
    threads = (state.sessions.get(name) for name in names.split(","))
    return [showing.session(Ref(desk, thread, None)) for thread in threads if thread]


async def get_agents(call: Call) -> v.Agents:
    query = call.query(v.DeskQuery)
    return v.Agents(agents=[a for desk in call.desks(query.desk) for a in roster(call, desk).all()])


async def reassign_agent(call: Call) -> v.Reassigned:
    body = await call.body(v.ReassignAgentBody)
    desk = _desk_of(call, call.id)
    if not body.reason:
        detail = "a supervisor who moves somebody's sessions says why"
        raise Problem(409, detail, reason="reason_needed")
    command = c.ReassignAgent(
        agent=call.id, supervisor=call.user.id, to=body.to, reason=body.reason
    )
    answer = await call.ask(desk, command)
    moved = {
        fact.session: None
        for fact in answer.facts
        if isinstance(fact, f.SessionAssigned | f.SessionQueued) and fact.from_agent == call.id
    }
    refs = (locate(call, desk, session) for session in moved)
    sessions = [showing.session(ref) for ref in refs if ref]
    return v.Reassigned(agent=_agent(call, desk, call.id), sessions=await call.named(sessions))


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/me",
        handler=get_me,
        summary="Who asks",
        summary_zh="当前登录的人",
        tag=TAG,
        answer=v.MeView,
    ),
    Route(
        method="PUT",
        path="/v1/me/presence",
        handler=put_my_presence,
        summary="Set one's own presence; with buyers waiting it needs a choice (409 lists them)",
        summary_zh="设置自己的状态:在线、离开、下线;有买家在等时须选择告知或转接",
        tag=TAG,
        body=v.PresenceBody,
        answer=v.MeView,
        refuses=True,
    ),
    Route(
        method="GET",
        path="/v1/agents",
        handler=get_agents,
        summary="The agents: presence, load, capacity",
        summary_zh="客服列表:状态、接待量、上限",
        tag=TAG,
        query=v.DeskQuery,
        answer=v.Agents,
    ),
    Route(
        method="PUT",
        path="/v1/agents/{id}/presence",
        handler=put_presence,
        summary="Set somebody's presence, with a reason",
        summary_zh="主管设置客服状态,须写明原因",
        tag=TAG,
        roles=SUPERVISORS,
        body=v.PresenceBody,
        answer=v.AgentView,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/agents/{id}/reassign",
        handler=reassign_agent,
        summary="Move all that an agent holds, to one agent or to whoever can",
        summary_zh="改派某客服手上的全部会话和工作",
        tag=TAG,
        roles=SUPERVISORS,
        body=v.ReassignAgentBody,
        answer=v.Reassigned,
        refuses=True,
    ),
)
