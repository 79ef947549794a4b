"""What the handlers share, and the settings of the HTTP side."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from argon2 import PasswordHasher

from router.conducting import Conduct
from router.core.state import State
from router.policy_editing import Editor
from router.service import Service
from router.settings.oidc import Oidc

if TYPE_CHECKING:
    from router.http.announcer import Announcer
    from router.http.api_oidc import SignInElsewhere
    from router.http.attendance import Attendance, CallLater
    from router.http.audit import Audit
    from router.http.auth import Gate, People, User
    from router.http.checking import Checking
    from router.http.follower import Follower
    from router.http.metrics import Metrics
    from router.http.names import Names
    from router.http.policy_history import History
    from router.http.replying import Replies
    from router.http.signing_in import Doorman
    from router.http.stats_keeping import Stats
    from router.http.streams import Streams
    from router.http.writing import Writing


@dataclass(frozen=True)
class HttpSettings:
    """Process settings of the HTTP side."""

    secrets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By shop: the signing secrets (`whsec_…`) of its bridge; several while keys are rotated.
    It may change while the app runs: replace a shop's secrets as a whole."""
    silent_ms: int = 45_000
    """A console whose event stream is gone for this long is not there any more (RULES §4)."""
    body_limit: int = 262_144
    """Bytes of a request's body (CONTRACT §2: 256 KiB)."""
    streams_limit: int = 2_000
    """Event streams open at once."""
    streams_per_user: int = 20
    write_timeout_s: float = 20.0
    """A stream whose reader takes nothing for this long is cut."""
    finish_s: float = 10.0
    """How long requests under way may take to finish at shutdown."""
    clock_s: Callable[[], float] = time.time
    """Against which the timestamps of signatures are held."""
    call_later: CallLater | None = None
    """Runs something later; the event loop's own unless a test has another."""
    hasher: PasswordHasher | None = None
    """How passwords are hashed; None: as RFC 9106 recommends."""
    conduct: Conduct | None = None
    """Whose messages are checked before they are sent, and by what; None: nobody's. It may learn
    anew while the app runs."""
    replies_path: Path | None = None
    """Where the quick replies are kept; None: there are none here."""
    oidc: Oidc | None = None
    """Whom to sign in through, beside passwords; it needs `public_url`."""
    public_url: str = ""
    """Where people reach the console."""
    policy_editor: Editor | None = None
    """Changes the rules in the file that the daemon was started from; None: there is none."""
    secure_cookies: bool = False
    """The console is reached by https alone."""
    trusted_proxies: frozenset[str] = frozenset()
    """Addresses whose `X-Forwarded-For` is believed."""

    def address_of(self, request: web.Request) -> str:
        """Where a request comes from: the last hop that is not one of our own proxies."""
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        address = request.remote or ""
        while address in self.trusted_proxies and hops and hops[-1]:
            address = hops.pop()
        return address[:100]


@dataclass(frozen=True)
class Context:
    """What the handlers share."""

    service: Service
    settings: HttpSettings
    people: People
    gate: Gate
    doorman: Doorman
    elsewhere: SignInElsewhere | None
    """A provider to sign in through, where one is configured."""
    audit: Audit
    attendance: Attendance
    follower: Follower
    history: History
    announcer: Announcer
    names: Names
    streams: Streams
    metrics: Metrics
    conduct: Conduct
    checking: Checking
    writing: Writing
    replies: Replies
    stats: Stats

    def desks_of(self, user: User, wanted: str = "") -> list[str]:
        """The desks that this user may see; `wanted` names one of them."""
        allowed = [user.desk] if user.desk else self.service.desks
        if not wanted:
            return [desk for desk in allowed if desk in self.service.desks]
        return [wanted] if wanted in allowed and wanted in self.service.desks else []

    def state(self, desk: str) -> State:
        """Raises `Unowned`."""
        self.follower.follow(desk)  # one that was adopted since the start
        return self.service.state(desk)


CONTEXT: web.AppKey[Context] = web.AppKey("zhiban_context", Context)
