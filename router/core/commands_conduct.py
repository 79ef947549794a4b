"""Conduct findings, and what people may say against a charge (RULES §1, §6)."""

from __future__ import annotations

from router.core.command import By, Command


class RaiseFlag(Command, frozen=True, kw_only=True, tag="flag.raised"):
    """The inspector found something in an agent's message; with its evidence.

    The same finding has the same `flag`: raised again it changes nothing.
    """

    flag: str
    """`{rule}:{message}:{start}`, unique within shop and buyer."""
    rule: str
    shop: str
    buyer: str
    session: str
    message: str
    agent: str
    sub_account: str
    sent_ms: int
    offset: int
    """Where the message stands in the inbox."""
    start: int = 0
    end: int = 0
    """The span in its text, in characters; 0, 0: the whole message."""
    matched: str = ""
    source: str = ""
    """Which list or pattern it came from."""
    detail: str = ""
    evidence: tuple[int, ...] = ()
    """Offsets of the other messages that belong to it."""
    lexicon: str = ""
    """Digest of the lists it was found with."""
    by: By = "human"
    ahead: str = ""
    behind: str = ""
    """A little of the text on both sides of the match: see `flags.is_allowed`."""


class ConfirmFlag(Command, frozen=True, kw_only=True, tag="flag.confirmed"):
    """A supervisor agrees: where the rule has a fine, it is charged."""

    flag: str
    """The flag record's id."""
    supervisor: str
    why: str = ""


class DismissFlag(Command, frozen=True, kw_only=True, tag="flag.dismissed"):
    """A supervisor disagrees; with `allow`, that phrase is never flagged again at this shop."""

    flag: str
    supervisor: str
    why: str
    allow: str = ""


class AllowPhrase(Command, frozen=True, kw_only=True, tag="phrase.allowed"):
    """From now on `phrase` is innocent under `rule` ("" for all) at this shop ("" for all)."""

    phrase: str
    by: str
    rule: str = ""
    shop: str = ""
    why: str = ""


class ForbidPhrase(Command, frozen=True, kw_only=True, tag="phrase.disallowed"):
    """Takes a phrase off the allow-list again."""

    phrase: str
    by: str
    rule: str = ""
    shop: str = ""


class AppealCharge(Command, frozen=True, kw_only=True, tag="charge.appealed"):
    """An agent says why a charge is unfair."""

    entry: str
    """The ledger entry: a charge of theirs."""
    agent: str
    why: str


class AnswerAppeal(Command, frozen=True, kw_only=True, tag="appeal.answered"):
    """A supervisor answers; what is accepted is waived."""

    appeal: str
    supervisor: str
    accepted: bool
    why: str
