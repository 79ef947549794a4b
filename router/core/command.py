"""What every command is, and the words that commands and facts share."""

from __future__ import annotations

from typing import Literal

import msgspec

MessageKind = Literal["text", "image", "video", "file", "product_card", "order_card"]
PresenceName = Literal["online", "away", "offline"]
Choice = Literal["", "inform", "transfer"]
By = Literal["human", "bot", "auto"]


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a message says; may be erased without changing a verdict."""

    text: str = ""
    url: str = ""
    order: str = ""
    product: str = ""
    buyer_name: str = ""


class Command(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", gc=False
):
    """Base of all commands."""
