"""The supervisor's board: what was missed or promised stands there until it is done, and what is to
be done is one click away."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import expect

from router.core import commands as c
from tests.browser.past import Past
from tests.browser.test_accessible import assert_accessible
from tests.browser.windows import LOOP, PHONE, Windows, fits

pytestmark = LOOP


async def done(past: Past, who: str, method: str, path: str, body: Any) -> Any:
    reply = await past.harness.call(who, method, path, body)
    assert reply.status in (200, 201), reply
    return reply.json


async def a_bad_quarter(past: Past) -> None:
    """小美 leaves a buyer without an answer, 阿杰 does not come back and has handed over to her,
    her sub-account is paused; a refund and buyers wait for whoever comes."""
    harness = past.harness
    await harness.online("amy", "bob")
    await past.says("买家甲", "发货了吗?", name="甲先生")
    await past.answers("amy", "买家甲", "您好,发货后把单号给您")
    await past.says("买家丙", "能便宜点吗")
    sessions = (await harness.get("amy", "/v1/sessions"))["sessions"]
    first = next(one["id"] for one in sessions if one["buyer"] == "买家甲")
    promise = {"due_in_s": 3_600, "text": "发货后给单号"}
    await done(past, "amy", "POST", f"/v1/sessions/{first}/call-backs", promise)
    filed = {"lines": [{"about": "other", "text": "打印机坏了"}], "note": "黑色缺货", "to": "amy"}
    await done(past, "bob", "POST", "/v1/handovers", filed)
    away = {"to": "away", "reason": "用餐", "back_in_s": 600, "open_sessions": "transfer"}
    await done(past, "bob", "PUT", "/v1/me/presence", away)
    assert await harness.service.ask("d1", c.PauseSubAccount(sub_account="shop-a:amy", paused=True))
    refund: dict[str, Any] = {"order": "T9", "refund": "R9", "reason": "reorder"}
    await harness.event("refund.requested", shop="shop-b", buyer="远山", **refund)
    await past.says("买家乙", "还没到货", name="乙小姐")
    for number in range(6):
        await past.says(f"买家{number}", "在吗")
    await past.passes(12)


async def test_what_is_missed_promised_or_handed_over_stays_in_sight(
    later_windows: Windows, past: Past
) -> None:
    await a_bad_quarter(past)
    boss = await later_windows.open("boss")
    due = boss.locator(".due-list li")
    await expect(boss.locator("#due-title")).to_contain_text("8 项已错过")
    await expect(boss.locator(".due-list .missed")).to_have_count(6)
    await boss.get_by_role("button", name="还有 2 条").click()
    await expect(boss.locator(".due-list .missed")).to_have_count(8)
    await expect(due.first).to_contain_text(re.compile("已等 12:.*回复"))
    await expect(due.nth(1)).to_contain_text("乙小姐")
    await expect(boss.locator(".counts .alarm", has_text="今日违规")).to_contain_text("¥20")
    bob, amy = boss.locator("[data-agent=bob]"), boss.locator("[data-agent=amy]")
    await expect(bob).to_contain_text(re.compile("该回来了,超 2:"))
    await expect(boss.locator("#agents-title")).to_contain_text("1 人逾时未回")
    await expect(boss.locator(".agents > li").first).to_have_attribute("data-agent", "bob")
    await expect(amy.locator(".seats")).to_contain_text("已挂起")

    # Work without a session: its row is found; and it can be taken over in the queue.
    refund = boss.locator(".queue li", has_text="退款")
    await refund.get_by_role("button", name="远山").click()
    await expect(boss.locator(".work-item:focus")).to_contain_text("R9")
    await assert_accessible(boss, "a bad quarter")
    await refund.get_by_role("button", name="接手").click()
    await expect(boss.locator(".work-item", has_text="R9")).to_contain_text("王主管 已接手")
    await expect(refund).to_have_count(0)

    # With a conversation beside it, too, it is seen whose it is.
    promise = boss.locator(".promised-here li")
    await expect(promise).to_contain_text("发货后给单号")
    await promise.get_by_role("button", name="甲先生").click()
    await expect(boss.locator(".conversation #buyer")).to_have_text("甲先生")
    for told in (due.first.locator("small").last, boss.locator(".at-shop").first):
        await expect(told).to_be_visible()
        await expect(told).to_contain_text("天猫旗舰店")
    assert await fits(boss)
    await past.answers("amy", "买家甲", "亲,单号是 SF100,感谢您的等待")
    await expect(promise).to_have_count(0)

    handover = boss.locator(".untaken a")
    await expect(handover).to_contain_text(re.compile("阿杰 → 小美.*待接 2 项"))
    await handover.click()
    await expect(boss.locator(".handed")).to_contain_text("黑色缺货")

    phone = await later_windows.open("boss", PHONE, "dark")
    await expect(phone.locator(".untaken")).to_be_visible()
    assert await fits(phone)
