"""For admins: the users with their logins, and the book of acts."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec

from router.clocktime import format_ms
from router.http import views as v
from router.http.api_ledger import time_ms
from router.http.api_login import Done, LoginView, end_logins, show_login
from router.http.auth import Role
from router.http.logins import Shown
from router.http.problems import REASONS_ZH, Problem
from router.http.routes import Call, Route

TAG = "accounts"


class UserView(v.View, frozen=True, kw_only=True):
    """Somebody who may sign in, or has tokens."""

    id: str
    name: str
    role: Role
    agent: str
    """Which of the desk's agents they are; "" for none."""
    desk: str
    """Empty, for an admin: all desks."""
    password: bool
    tokens: int
    """Those that stand."""
    logins: list[LoginView]
    """Those that stand, the latest first."""


class UserList(v.Page, frozen=True, kw_only=True):
    users: list[UserView]


class UsersQuery(v.Asked, frozen=True, kw_only=True):
    limit: v.Limit = 100
    cursor: v.Name = ""


class AuditView(v.View, frozen=True, kw_only=True):
    """An act of a person."""

    id: int
    at: str
    user: str
    address: str
    act: str
    """A route, such as `POST /v1/sessions/{id}/close`, or `sign in`."""
    target: str
    status: int
    """2xx: it was done; 4xx: it was refused."""
    detail: str
    """Of a refusal: its reason; of a sign-in: the browser."""
    detail_zh: str


class AuditList(v.Page, frozen=True, kw_only=True):
    """Newest first."""

    acts: list[AuditView]


class AuditQuery(v.PageQuery, frozen=True, kw_only=True):
    user: v.Name = ""
    act: v.Name = ""
    from_: str = msgspec.field(name="from", default="")
    to: str = ""


async def get_users(call: Call) -> UserList:
    query = call.query(UsersQuery)
    return await asyncio.to_thread(_users, call, query)


def _users(call: Call, query: UsersQuery) -> UserList:
    people, logins = call.context.people, call.context.doorman.logins
    users = [user for user in people.users() if user.id > query.cursor]
    found = users[: query.limit]
    tokens = Counter(token.user for token in people.tokens() if token.revoked_ms is None)
    passwords = logins.with_password()
    standing: dict[str, list[Shown]] = {}
    for one in logins.standing():
        standing.setdefault(one.user, []).append(one)
    return UserList(
        users=[
            UserView(
                id=user.id,
                name=user.name,
                role=user.role,
                agent=user.agent,
                desk=user.desk,
                password=user.id in passwords,
                tokens=tokens[user.id],
                logins=[show_login(call, one) for one in standing.get(user.id, ())],
            )
            for user in found
        ],
        next_cursor=found[-1].id if len(users) > len(found) else None,
    )


async def delete_user_logins(call: Call) -> Done:
    if await asyncio.to_thread(call.context.people.user, call.id) is None:
        raise Problem(404, "no such user", reason="no_such_user")
    return await end_logins(call, call.id)


async def get_audit(call: Call) -> AuditList:
    query = call.query(AuditQuery)
    rows = await asyncio.to_thread(
        call.context.audit.read,
        user=query.user,
        act=query.act,
        from_ms=time_ms("from", query.from_) if query.from_ else 0,
        to_ms=time_ms("to", query.to) if query.to else 0,
        before=int(query.cursor) if query.cursor.isascii() and query.cursor.isdecimal() else 0,
        limit=query.limit,
    )
    return AuditList(
        acts=[
            AuditView(
                id=row.id,
                at=format_ms(row.at_ms),
                user=row.user,
                address=row.address,
                act=row.act,
                target=row.target,
                status=row.status,
                detail=row.detail,
                detail_zh=REASONS_ZH.get(row.detail, ""),
            )
            for row in rows
        ],
        next_cursor=str(rows[-1].id) if len(rows) == query.limit else None,
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/users",
        handler=get_users,
        summary="The users, by id, with their logins that stand",
        summary_zh="用户列表,附各自有效的登录",
        tag=TAG,
        roles=("admin",),
        query=UsersQuery,
        answer=UserList,
    ),
    Route(
        method="DELETE",
        path="/v1/users/{id}/logins",
        handler=delete_user_logins,
        summary="End all logins of a user, but not the one that asks",
        summary_zh="结束某个用户的全部登录,当前这个除外",
        tag=TAG,
        roles=("admin",),
        answer=Done,
    ),
    Route(
        method="GET",
        path="/v1/audit",
        handler=get_audit,
        summary="Acts of people, refused ones too; newest first; by person, act and time",
        summary_zh="操作记录,含被拒绝的,新的在前;可按人、操作、时间筛选",
        tag=TAG,
        roles=("admin",),
        query=AuditQuery,
        answer=AuditList,
    ),
)
