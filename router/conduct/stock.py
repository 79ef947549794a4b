"""Whether products were recommended before "we don't have it" (RULES §1 row 5)."""

from __future__ import annotations

from collections.abc import Sequence

from router.conduct import links
from router.conduct.fold import WIRE
from router.conduct.messages import Line


def recommended(before: Sequence[Line], own: Sequence[str]) -> set[str]:
    """The different products that the shop's side showed: cards, and links to products."""
    shown: set[str] = set()
    for line in before:
        if line.side != "shop" or line.recalled:
            continue
        if line.kind == "product_card":
            shown.add(line.product or line.url or line.message)
            continue
        for text in (line.text, line.url):
            if "." in text:
                shown.update(product for _, product in links.products(text.translate(WIRE), own))
    return shown


def linked_ahead(text: str, end: int, own: Sequence[str]) -> set[str]:
    """The products linked within a message before its character `end`."""
    head = text[:end]
    if "." not in head:
        return set()
    return {product for _, product in links.products(head.translate(WIRE), own)}


def asked(before: Sequence[Line]) -> str:
    """What the buyer last said: their messages since the agent's last one, or those before it."""
    texts: list[str] = []
    for line in reversed(before):
        if line.side == "buyer":
            if not line.recalled and line.text:
                texts.append(line.text)
        elif line.by == "human" and texts:
            break
    return "\n".join(reversed(texts))
