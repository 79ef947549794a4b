"""Which lists and numbers judge the messages of which shop: the conduct engines of a process.

Made from desks (their policies have the numbers) and from folders of lists; shops that share both
share an engine. `learn` replaces all of it at once, or raises and changes nothing, so that a list
that was saved half way stops nobody's checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from router.conduct.engine import Engine
from router.conduct.inspection import Examiner
from router.conduct.lexicon import Lexicons
from router.conduct.load import load
from router.conduct.settings import Settings
from router.core.policy import Desk, Policy, Shop

Overlays = tuple[Path, ...]


class Folders(NamedTuple):
    """Where lists stand that are laid over the built-in ones."""

    common: Path | None = None
    shops: Mapping[str, Path] = {}
    """By shop, over the common ones."""

    def of(self, shop: str) -> Overlays:
        return tuple(folder for folder in (self.common, self.shops.get(shop)) if folder)


class _Shop(NamedTuple):
    desk: str
    shop: Shop
    policy: Policy
    examiner: Examiner


class Conduct:
    """Examiners by shop. Raises `LexiconError` when it is made, or learns, of unusable lists."""

    def __init__(self, desks: Iterable[Desk] = (), folders: Folders | None = None) -> None:
        self._shops: dict[str, _Shop] = {}
        self.learn(desks, folders)

    def learn(self, desks: Iterable[Desk], folders: Folders | None = None) -> None:
        """From now on judge by these; lists are read again. Raises `LexiconError`."""
        folders = folders or Folders()
        lexicons: dict[Overlays, Lexicons] = {}
        examiners: dict[tuple[Overlays, Settings], Examiner] = {}
        shops: dict[str, _Shop] = {}
        for desk in desks:
            for shop in desk.shops:
                policy = shop.policy or desk.policy
                overlays, settings = folders.of(shop.id), settings_of(policy)
                if overlays not in lexicons:
                    lexicons[overlays] = load(overlays=overlays)
                if (overlays, settings) not in examiners:
                    lists = lexicons[overlays]
                    engine = Engine(lists, settings)
                    examiners[overlays, settings] = Examiner(engine, settings, lists.version)
                examiner = examiners[overlays, settings]
                shops[shop.id] = _Shop(desk.id, shop, policy, examiner)
        self._shops = shops

    def examiner(self, shop: str) -> Examiner | None:
        """None for a shop that is not configured here."""
        known = self._shops.get(shop)
        return known.examiner if known is not None else None

    def lateness_ms(self, shop: str) -> int:
        known = self._shops.get(shop)
        return known.shop.lateness_ms if known is not None else Shop(id=shop).lateness_ms

    def outage_grace_ms(self, shop: str) -> int:
        known = self._shops.get(shop)
        return (known.policy if known is not None else Policy()).outage_grace_ms


def settings_of(policy: Policy) -> Settings:
    """The numbers of a policy, as the engine takes them."""
    return Settings(
        honorific_every_message=policy.honorific_every_message,
        short_reply_min=policy.short_reply_min,
        alternatives_min=policy.alternatives_min,
        harassment_messages=policy.harassment_messages,
        harassment_window_ms=policy.harassment_window_ms,
        stall_ms=policy.stall_ms,
        farewells=policy.farewells,
    )
