"""What followed of conduct findings and appeals (RULES §1, §6)."""

from __future__ import annotations

from router.core.fact import Fact


class FlagRaised(Fact, frozen=True, kw_only=True, tag="flag_raised"):
    flag: str
    rule: str
    shop: str
    buyer: str
    session: str
    message: str
    agent: str
    sub_account: str


class FlagConfirmed(Fact, frozen=True, kw_only=True, tag="flag_confirmed"):
    flag: str
    rule: str
    agent: str
    by: str
    """"": charged at once, as the policy has it."""
    breach: str = ""


class FlagDismissed(Fact, frozen=True, kw_only=True, tag="flag_dismissed"):
    flag: str
    rule: str
    agent: str
    by: str
    why: str


class PhraseListed(Fact, frozen=True, kw_only=True, tag="phrase_listed"):
    """A phrase was put on the allow-list, or taken off it."""

    phrase: str
    rule: str
    shop: str
    by: str
    allowed: bool


class ChargeAppealed(Fact, frozen=True, kw_only=True, tag="charge_appealed"):
    appeal: str
    entry: str
    agent: str


class AppealAnswered(Fact, frozen=True, kw_only=True, tag="appeal_answered"):
    appeal: str
    entry: str
    agent: str
    accepted: bool
    by: str
    why: str
