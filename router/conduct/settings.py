"""The numbers of the conduct rules, which a shop may change (RULES §1, §6)."""

from __future__ import annotations

import msgspec

from router.core.policy import FAREWELLS, MINUTE_MS

PLATFORM_DOMAINS = (
    *("taobao.com", "tmall.com", "tmall.hk", "tb.cn", "alipay.com", "alicdn.com", "cainiao.com"),
    *("1688.com", "fliggy.com", "goofish.com", "tbcdn.cn", "m.tb.cn", "aliyuncs.com"),
    *("jd.com", "jd.hk", "3.cn", "360buyimg.com", "360buy.com", "jingxi.com", "jkcsjd.com"),
    *("pinduoduo.com", "yangkeduo.com", "pddpic.com", "pinduoduo.net", "p.pinduoduo.com"),
    *("douyin.com", "jinritemai.com", "iesdouyin.com", "douyinpic.com", "snssdk.com"),
    *("kuaishou.com", "kwaixiaodian.com", "kwai.com", "gifshow.com", "yximgs.com"),
    *("weixin.qq.com", "wxapp.qq.com", "servicewechat.com", "wxaurl.cn"),
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop may set. Durations are milliseconds; ends are included."""

    honorific_every_message: bool = False
    """An honorific in every message of an agent, not only in the first and the last."""
    short_reply_min: int = 5
    """An answer has at least this many Han characters, letters and digits."""
    alternatives_min: int = 2
    """Products to recommend before saying that there is none."""
    harassment_messages: int = 5
    """More messages in a row than this, within the window, are too many."""
    harassment_window_ms: int = 10 * MINUTE_MS
    stall_ms: int = 2 * MINUTE_MS
    """How long after 稍等 the agent may be silent."""
    platform_domains: tuple[str, ...] = PLATFORM_DOMAINS
    """Links into these, and domains below them, are no external links."""
    window_messages: int = 3
    """Over how many of the agent's latest messages a contact may be split."""
    window_ms: int = 5 * MINUTE_MS
    farewells: tuple[str, ...] = FAREWELLS
    """What a buyer takes leave with (RULES §2)."""
