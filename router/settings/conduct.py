"""The conduct rules of a policy: `[[policy.conduct]]` and their numbers (RULES §1, §6)."""

from __future__ import annotations

from router.core.policy import CONDUCT, ConductRule, Policy
from router.settings.reading import FLAG, YUAN, Table, duration, one_of, whole

_RULES = one_of(*(known.rule for known in CONDUCT))
_CHARGE = one_of("confirmed", "at_once", "never")
_SENDING = one_of("record", "warn", "block")
_COUNTS = {"short_reply_min": 0, "alternatives_min": 0, "harassment_messages": 1}
"""Keys of numbers, with the least they may be."""
_DURATIONS = ("harassment_window", "stall")


def read_conduct(table: Table, base: Policy) -> dict[str, object]:
    """The fields of the policy that these keys of its table are, over those of the base."""
    changes: dict[str, object] = {
        name: table.take(name, whole(least, 1_000), getattr(base, name))
        for name, least in _COUNTS.items()
    }
    for name in _DURATIONS:
        changes[f"{name}_ms"] = table.take(name, duration(1), getattr(base, f"{name}_ms"))
    name = "honorific_every_message"
    changes[name] = table.take(name, FLAG, base.honorific_every_message)
    changes["conduct"] = _read_rules(table, base.conduct)
    return changes


def _read_rules(table: Table, base: tuple[ConductRule, ...]) -> tuple[ConductRule, ...]:
    """Each table changes one rule; what it leaves out stays."""
    rules = {known.rule: known for known in base}
    seen: set[str] = set()
    for entry in table.tables("conduct"):
        name = entry.need("rule", _RULES, "")
        if name and name in seen:
            entry.error("rule", f"重复的规则 {name}", f"duplicate rule {name}")
        seen.add(name)
        old = rules.get(name, ConductRule(rule=name))
        rule = ConductRule(
            rule=name,
            fine_fen=entry.take("fine", YUAN, old.fine_fen),
            charge=entry.take("charge", _CHARGE, old.charge),  # type: ignore[arg-type]
            sending=entry.take("sending", _SENDING, old.sending),  # type: ignore[arg-type]
        )
        entry.close()
        if name:
            rules[name] = rule
    return tuple(rules.values())
