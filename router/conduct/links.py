"""Links and e-mail addresses in a text, and which products of the platform are linked.

Domains are told from other words with dots by the public suffix list that comes with
tldextract; nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

import tldextract

_BARE = (
    "com|cn|net|org|cc|top|vip|shop|xyz|info|site|online|club|store|fun|link|ltd|wang|xin|tech"
    "|live|icu|tv|pro|co|hk|tw|biz|mobi|work|group|art|ink|plus|red|win|space|website|io|im"
)
"""Endings that make a link of words without `http://` or `www.`."""
_LABEL = r"[a-z0-9][a-z0-9-]{0,62}"
_LINK = re.compile(
    rf"(?:(?P<scheme>https?|ftp) ?: ?/ ?/ ?)?"
    rf"(?<![a-z0-9@.-])(?P<host>(?:{_LABEL}\.){{1,8}}(?P<end>[a-z]{{2,24}}))(?![a-z0-9@-])"
    rf"(?P<path>(?::[0-9]{{2,5}})?(?:[/?#][!-~]*)?)"
)
_IP = re.compile(r"https?://(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])[!-~]*")
_SPACED = re.compile(
    rf"(?<![a-z0-9@.-])(?:www ?(?:\.|点) ?)?(?=[0-9-]*[a-z]){_LABEL} ?"
    r"(?:点|dot|[\[(【]\.[\])】]| \.|\. ) ?"
    r"(?:com|cn|net|cc|top|vip|xyz)(?![a-z0-9])"
)
_WWW = re.compile(rf"www ?(?:\.|点| ) ?{_LABEL} ?(?:\.|点| ) ?(?:com|cn|net|cc|org)(?![a-z0-9])")
_EMAIL = re.compile(
    r"[a-z0-9][a-z0-9._+-]{1,63} ?(?:@|艾特|[\[(]at[\])]|#) ?"
    rf"(?:[a-z0-9-]{{1,30}} ?[.点] ?){{1,3}}(?:{_BARE})(?![a-z0-9])"
)
_BARE_END = frozenset(_BARE.split("|"))
_PRODUCT = re.compile(
    r"(?:[?&](?:id|goods_id|item_?id|product_?id|sku_?id)=|/item/|/goods/|/detail/|/product/|/)"
    r"(?P<product>[0-9]{5,20})"
)
_SHORT = frozenset({"m.tb.cn", "tb.cn", "3.cn", "u.jd.com", "v.douyin.com", "p.pinduoduo.com"})
"""Hosts whose links are short names of a product's page."""

_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class Link(NamedTuple):
    """Something at `[start, end)` of the wire view that leads away."""

    kind: Literal["link", "email"]
    start: int
    end: int
    text: str


def find(wire: str, own: Iterable[str]) -> Iterator[Link]:
    """E-mail addresses, and links into domains that are not one's `own`, in a wire view."""
    domains = tuple(own)
    taken: list[tuple[int, int]] = []
    if "@" in wire or "艾特" in wire or "at" in wire or "#" in wire:
        for found in _EMAIL.finditer(wire):
            taken.append(found.span())
            yield Link("email", found.start(), found.end(), found.group())
    for found in _LINK.finditer(wire):
        if _external(found, domains) and not _within(found, taken):
            taken.append(found.span())
            yield Link("link", found.start(), found.end(), found.group())
    for expression in (_IP, _WWW, _SPACED):
        for found in expression.finditer(wire):
            host = re.sub(r"[\[(【\])】 ]|点|dot", _dotted, found.group())
            if not _is_own(host, domains) and not _within(found, taken):
                taken.append(found.span())
                yield Link("link", found.start(), found.end(), found.group())


def _dotted(mark: re.Match[str]) -> str:
    return "." if mark.group() in ("点", "dot") else ""


def _within(found: re.Match[str], taken: list[tuple[int, int]]) -> bool:
    return any(start < found.end() and found.start() < end for start, end in taken)


def _external(found: re.Match[str], own: tuple[str, ...]) -> bool:
    host = found["host"]
    sure = found["scheme"] is not None or host.startswith("www.")
    if not sure and found["end"] not in _BARE_END:
        return False
    return _is_domain(host) and not _is_own(host, own)


@lru_cache(maxsize=4096)
def _is_domain(host: str) -> bool:
    parts = _extract(host)
    return bool(parts.suffix and parts.domain)


def _is_own(host: str, own: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in own)


def products(wire: str, own: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Where links to products of the platform's own stand, and which products they are."""
    domains = tuple(own)
    for found in _LINK.finditer(wire):
        if not _is_own(found["host"], domains):
            continue
        product = _PRODUCT.search(found["path"])
        if product is not None:
            yield found.start(), product["product"]
        elif found["host"] in _SHORT and len(found["path"]) > 3:
            yield found.start(), found["host"] + found["path"]
