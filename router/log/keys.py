"""The names of everything a partition keeps on the server, and of its repeat buckets.

All keys of a partition share one hash tag (`{p07}`), so a cluster keeps them on one node
and one function may touch them all. Nothing else in the project builds a key's name;
`functions.lua` builds those of the repeat buckets again to check what it was given.

| key | type | holds |
|---|---|---|
| `{p07}:inbox` | stream | entries `<offset>-0`: `t` = arrival in ms, `b` = body |
| `{p07}:facts` | stream | batches `<seq>-0`: `b` = the encoded facts |
| `{p07}:records` | hash | the core's records by key |
| `{p07}:meta` | hash | `tail`, `clock`, `seq`, `offset`, `batch`, `schema` |
| `{p07}:lease` | hash | `owner`, `token`, `nonce`, `expires`, `ttl` |
| `{p07}:seen:d:<n>` | hash | delivery digest → arrival and check; 24 h from `n` × 24 h |
| `{p07}:seen:m:<n>` | hash | message digest → arrival; 4 days from `n` × 4 days |
| `{p07}:seen:f:<month>` | set | fact digests by month of the event itself; never expires |
"""

from __future__ import annotations

from router.log.ports import ID_KEPT_MS, MESSAGE_KEPT_MS

DELIVERY_SPAN_MS = ID_KEPT_MS // 2
"""What one bucket of delivery ids spans. Half of what must be remembered, so that the
current bucket and the two before it always cover it, and whole buckets can expire."""

MESSAGE_SPAN_MS = MESSAGE_KEPT_MS // 2
"""What one bucket of message ids spans, by the same reckoning."""

BUCKETS_LOOKED_AT = 3
"""The current bucket and the two before it."""


class Keys:
    """The key names of one partition."""

    __slots__ = ("facts", "inbox", "lease", "meta", "records", "tag")

    def __init__(self, partition: int) -> None:
        self.tag = f"{{p{partition:02d}}}"
        self.inbox = f"{self.tag}:inbox"
        self.facts = f"{self.tag}:facts"
        self.records = f"{self.tag}:records"
        self.meta = f"{self.tag}:meta"
        self.lease = f"{self.tag}:lease"

    def delivery_buckets(self, at_ms: int) -> list[str]:
        """The buckets that remember delivery ids at this time, the current one first."""
        now = at_ms // DELIVERY_SPAN_MS
        return [f"{self.tag}:seen:d:{now - back}" for back in range(BUCKETS_LOOKED_AT)]

    def message_buckets(self, at_ms: int) -> list[str]:
        """The buckets that remember message ids at this time, the current one first."""
        now = at_ms // MESSAGE_SPAN_MS
        return [f"{self.tag}:seen:m:{now - back}" for back in range(BUCKETS_LOOKED_AT)]

    def fact_bucket(self, month: int) -> str:
        """The bucket of the facts whose own timestamp lies in this month since 1970-01."""
        return f"{self.tag}:seen:f:{month}"
