"""Signing in to the console and out of it, one's logins and password."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import msgspec
from aiohttp import web

from router.clocktime import format_ms
from router.http import views as v
from router.http.auth import Role, User
from router.http.logins import PASSWORD_MOST, BadPassword, Shown, TooMany
from router.http.problems import Problem
from router.http.routes import Call, Route, encode
from router.http.signing_in import refuse_other_sites

TAG = "login"
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=PASSWORD_MOST)]


class LoginBody(v.Asked, frozen=True, kw_only=True):
    user: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    password: Password

    def __repr__(self) -> str:
        return f"LoginBody(user={self.user!r})"


class PasswordBody(v.Asked, frozen=True, kw_only=True):
    old: Password
    new: Password

    def __repr__(self) -> str:
        return "PasswordBody()"


class SignedIn(v.View, frozen=True, kw_only=True):
    """Who has signed in. `csrf` goes into the header `X-Zhiban-CSRF` of what changes anything."""

    user: str
    name: str
    role: Role
    agent: str
    csrf: str


class LoginView(v.View, frozen=True, kw_only=True):
    """A login that stands."""

    id: int
    address: str
    browser: str
    begun_at: str
    seen_at: str
    this: bool


class LoginList(v.View, frozen=True, kw_only=True):
    logins: list[LoginView]
    password: bool
    """Whether there is one to be changed: who signs in elsewhere may have none."""


class Done(v.View, frozen=True, kw_only=True):
    done: bool = True


def _signed_in(user: User, csrf: str) -> SignedIn:
    return SignedIn(user=user.id, name=user.name, role=user.role, agent=user.agent, csrf=csrf)


async def _check(call: Call, user_id: str, password: str) -> User | None:
    """Raises a 429 for who guesses, and when too many want to sign in at once."""
    try:
        return await call.context.doorman.check(user_id, password, address=call.address)
    except TooMany as error:
        seconds = -(-error.wait_ms // 1000)
        raise Problem(429, str(error), reason="too_many", retry_after_s=seconds) from None


async def post_login(call: Call) -> web.StreamResponse:
    refuse_other_sites(call.request)
    body = await call.body(LoginBody)
    user = await _check(call, body.user, body.password)
    call.context.audit.note(
        body.user, call.address, "sign in", "", 200 if user else 401, call.browser
    )
    if user is None:
        raise Problem(401, "user or password is wrong", reason="wrong_password")
    doorman = call.context.doorman
    begun = await asyncio.to_thread(
        doorman.logins.begin, user.id, address=call.address, browser=call.browser
    )
    response = web.Response(
        body=encode(_signed_in(user, begun.csrf)),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
    doorman.set(response, begun.cookie)
    return response


async def get_login(call: Call) -> SignedIn:
    """For a page that was loaded anew: its cookie still stands, its token it must be told."""
    if call.login is None:
        raise Problem(409, "this request has a bearer token, no login", reason="no_login")
    return _signed_in(call.user, call.login.csrf)


async def post_logout(call: Call) -> web.StreamResponse:
    doorman = call.context.doorman
    if call.login is not None:
        await asyncio.to_thread(doorman.logins.end, call.login.id)
        doorman.forget()
    response = web.Response(
        body=encode(Done()), content_type="application/json", headers={"Cache-Control": "no-store"}
    )
    doorman.clear(response)
    return response


def this_login(call: Call) -> int:
    """The id of the login that asks; 0 for a token."""
    return call.login.id if call.login else 0


def show_login(call: Call, one: Shown) -> LoginView:
    return LoginView(
        id=one.id,
        address=one.address,
        browser=one.browser,
        begun_at=format_ms(one.begun_ms),
        seen_at=format_ms(one.seen_ms),
        this=one.id == this_login(call),
    )


def ended(call: Call, gone: Callable[[str, int], bool]) -> None:
    """These logins, of a user and with an id, have ended: at once, whatever goes on in them."""
    call.context.doorman.forget()
    call.context.streams.end(gone)


async def get_logins(call: Call) -> LoginList:
    logins = call.context.doorman.logins
    shown = await asyncio.to_thread(logins.standing, call.user.id)
    password = await asyncio.to_thread(logins.has_password, call.user.id)
    return LoginList(logins=[show_login(call, one) for one in shown], password=password)


async def end_logins(call: Call, user: str) -> Done:
    """All of that user's, but not the one that asks."""
    this = this_login(call)
    await asyncio.to_thread(call.context.doorman.logins.end_all, user, but=this)
    ended(call, lambda whose, login: whose == user and login != this)
    return Done()


async def delete_logins(call: Call) -> Done:
    return await end_logins(call, call.user.id)


async def delete_login(call: Call) -> Done:
    """One's own; an admin ends anybody's."""
    if not (call.id.isascii() and call.id.isdecimal() and len(call.id) < 19):
        raise Problem(404, "no such login", reason="no_such_login")
    whose = "" if call.user.role == "admin" else call.user.id
    wanted = int(call.id)
    if not await asyncio.to_thread(call.context.doorman.logins.end, wanted, user=whose):
        raise Problem(404, "no such login", reason="no_such_login")
    ended(call, lambda _, login: login == wanted)
    return Done()


async def put_password(call: Call) -> Done:
    """Ends all logins of the user: also the one that asks."""
    body = await call.body(PasswordBody)
    if await _check(call, call.user.id, body.old) is None:
        raise Problem(401, "the old password is wrong", reason="wrong_password")
    try:
        await asyncio.to_thread(call.context.doorman.logins.set_password, call.user.id, body.new)
    except BadPassword as error:
        raise Problem(409, str(error), reason="bad_password") from None
    ended(call, lambda whose, _: whose == call.user.id)
    return Done()


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/login",
        handler=post_login,
        summary="Sign in with a password; sets the login cookie",
        summary_zh="用密码登录,写入登录 Cookie",
        tag=TAG,
        roles=(),
        body=LoginBody,
        answer=SignedIn,
    ),
    Route(
        method="GET",
        path="/v1/login",
        handler=get_login,
        summary="Who is signed in by this cookie, and the token against forged requests",
        summary_zh="当前 Cookie 登录的人,以及防伪令牌",
        tag=TAG,
        answer=SignedIn,
        refuses=True,
    ),
    Route(
        method="POST",
        path="/v1/logout",
        handler=post_logout,
        summary="End this login",
        summary_zh="退出登录",
        tag=TAG,
        answer=Done,
    ),
    Route(
        method="GET",
        path="/v1/logins",
        handler=get_logins,
        summary="One's own logins that stand",
        summary_zh="自己有效的登录",
        tag=TAG,
        answer=LoginList,
    ),
    Route(
        method="DELETE",
        path="/v1/logins",
        handler=delete_logins,
        summary="End one's own logins, all but the one that asks",
        summary_zh="结束自己的其他登录,当前这个除外",
        tag=TAG,
        answer=Done,
    ),
    Route(
        method="DELETE",
        path="/v1/logins/{id}",
        handler=delete_login,
        summary="End a login of one's own; an admin ends anybody's",
        summary_zh="结束自己的某个登录;管理员可结束任何人的",
        tag=TAG,
        answer=Done,
    ),
    Route(
        method="PUT",
        path="/v1/me/password",
        handler=put_password,
        summary="Change one's password; ends all one's logins",
        summary_zh="修改密码;所有登录随之结束",
        tag=TAG,
        body=PasswordBody,
        answer=Done,
        refuses=True,
    ),
)
