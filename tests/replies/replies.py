"""Quick replies as tests write them."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from router.replies import CATEGORIES, Reply, check

BASE = Reply(id="r1", owner="", category="greeting", title="问候", text="亲,您好,欢迎光临~")


def reply(**changes: Any) -> Reply:
    return msgspec.structs.replace(BASE, **changes)


_ids = st.from_regex(r"[A-Za-z0-9._:@-]{1,12}", fullmatch=True)
_chars = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.sampled_from(
    "=+-@'\",、\t"
)


def _line(least: int, most: int) -> st.SearchStrategy[str]:
    return (
        st.text(_chars, min_size=least, max_size=most)
        .map(lambda text: " ".join(text.split()))
        .filter(lambda text: len(text) >= least)
    )


replies: st.SearchStrategy[Reply] = st.builds(
    Reply,
    id=_ids,
    owner=st.just(""),
    category=st.sampled_from(list(CATEGORIES)),
    scenario=_line(0, 10),
    title=_line(1, 10),
    text=st.text(_chars | st.sampled_from("\r\n"), min_size=1, max_size=30).map(
        lambda text: text.replace("{", "{{").replace("}", "}}")
    ),
    pictures=st.lists(
        st.from_regex(r"https?://[a-z]{1,8}\.cn/[A-Za-z0-9,;=+-]{0,9}", fullmatch=True), max_size=3
    ).map(tuple),
    shops=st.lists(_ids, max_size=3).map(tuple),
    shortcut=_line(0, 6).map(lambda text: text.replace(" ", "")),
).filter(lambda made: not check(made))
