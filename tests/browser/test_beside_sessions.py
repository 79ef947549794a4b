"""Work that no open session shows, and acts that do not depend on where the focus or a mouse is."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.stage import MINUTE_MS, PDD, TMALL, Stage
from tests.browser.windows import LOOP, PHONE, Windows, online, read

pytestmark = LOOP


async def test_work_of_buyers_without_a_session_is_seen_and_done(
    windows: Windows, stage: Stage
) -> None:
    mei, boss = await windows.open("xiaomei"), await windows.open("boss")
    await online(mei)
    hook = stage.buyers.hook
    await hook("refund.requested", buyer="甲", order="T1", refund="R1", reason="mistaken_order")
    await hook("refund.requested", buyer="乙", order="T2", refund="R2", reason="other")
    own = mei.locator(".sessions .work-item")
    await expect(own).to_have_count(2)
    await expect(own.first).to_contain_text("甲")
    await expect(own.first.locator(".due")).to_contain_text("29:")
    for_boss = boss.locator("section", has_text="待主管处理的退款").locator(".work-item")
    await expect(for_boss.last).to_contain_text("乙")

    # It stays when the session in which it was asked for is closed by the platform.
    await stage.buyers.says("丙", "想退掉")
    await stage.buyers.is_answered("丙", "xiaomei", "好的亲")
    await hook("refund.requested", buyer="丙", order="T3", refund="R3", reason="changed_mind")
    await read(mei, "丙")
    await expect(mei.locator(".conversation .work-item")).to_have_count(1)
    await expect(own).to_have_count(2)
    await hook("session.closed", buyer="丙")
    await expect(own).to_have_count(3)

    await own.filter(has_text="甲").get_by_role("button", name="同意").click()
    await expect(own).to_have_count(2)
    await for_boss.last.get_by_role("button", name="接手").click()
    await expect(for_boss.last).to_contain_text("已接手")


async def test_a_filter_by_shop_ends_with_the_last_session_there(
    windows: Windows, stage: Stage
) -> None:
    mei = await windows.open("xiaomei")
    await online(mei)
    await stage.buyers.says("买家甲", "在吗", TMALL)
    await stage.buyers.says("买家乙", "在吗", PDD)
    await mei.get_by_role("button", name="天猫旗舰店", exact=True).click()
    await expect(mei.locator("button.session")).to_have_count(1)
    await stage.buyers.is_answered("买家甲", "xiaomei", "在的亲,感谢您的光临")
    await stage.buyers.hook("session.closed", TMALL, buyer="买家甲")
    await expect(mei.locator("button.session")).to_contain_text("买家乙")
    await expect(mei.get_by_role("button", name="全部")).to_have_attribute("aria-pressed", "true")


async def test_what_presses_is_named_and_done_in_one_key(windows: Windows, stage: Stage) -> None:
    mei = await windows.open("xiaomei")
    await online(mei)
    buyers = stage.buyers
    await buyers.says("买家甲", "拍下了", TMALL, 9 * MINUTE_MS)
    await buyers.is_answered("买家甲", "xiaomei", "收到了亲", TMALL, 9 * MINUTE_MS)
    await buyers.hook("order.placed", TMALL, 8 * MINUTE_MS, buyer="买家甲", order="T77")
    await buyers.hook(
        "refund.requested", buyer="买家甲", order="T77", refund="R7", reason="reorder"
    )
    await read(mei, "买家甲")
    await mei.locator("#buyer").click()  # away from the box
    await mei.keyboard.press("Alt+KeyK")
    await expect(mei.locator(".message .card")).to_contain_text("T77")
    await expect(mei.locator(".work-item")).to_contain_text("R7")
    await mei.keyboard.press("Alt+KeyS")
    await expect(mei.locator("dialog :is(input, textarea)")).to_be_focused()
    await mei.keyboard.type("超出范围")
    await mei.keyboard.press("Enter")
    await expect(mei.locator(".work-item")).to_contain_text("已上报")


async def test_all_of_somebody_s_sessions_are_given_to_a_chosen_one_on_a_phone(
    windows: Windows, stage: Stage
) -> None:
    mei, boss = await windows.open("xiaomei"), await windows.open("boss", PHONE)
    await online(mei)
    await stage.buyers.says("买家甲", "在吗")
    await expect(mei.locator("button.session")).to_have_count(1)
    await stage.online("ajie")
    row = boss.locator("[data-agent=xiaomei]")
    await row.locator("summary").click()
    await row.get_by_role("button", name="改派全部会话").click()
    await boss.select_option("dialog select", "ajie")
    await boss.fill("dialog input[name=reason]", "去开会")
    await boss.keyboard.press("Enter")
    await expect(mei.locator("button.session")).to_have_count(0)
    await expect(boss.locator("[data-agent=ajie] .load")).to_contain_text("1 / 8")

    # And who is set to something by somebody else is told.
    await row.locator("summary").click()
    await row.get_by_role("button", name="设为离开").click()
    await boss.fill("dialog input[name=reason]", "开会")
    await boss.keyboard.press("Enter")
    await expect(mei.locator(".toast", has_text="把你设为离开")).to_contain_text("开会")


async def test_an_agent_hears_when_the_rules_warn(windows: Windows, stage: Stage) -> None:
    mei = await windows.open("xiaomei")
    await online(mei)
    await mei.click(".sessions .alarm-switch")  # they are off at first
    await mei.evaluate(
        "() => { OscillatorNode.prototype.stop = () => {};"
        " OscillatorNode.prototype.start = () => { document.body.dataset.rung = 'yes'; }; }"
    )
    await stage.buyers.says("买家甲", "什么时候发货")
    await stage.buyers.is_answered("买家甲", "xiaomei", "问到后马上告诉您")
    await read(mei, "买家甲")
    await expect(mei.locator("body[data-rung]")).to_have_count(0)
    soon = "{due_in_s: 123, text: '发货时间'}"
    await mei.evaluate(
        "async () => { const { post } = await import('/console/api.js');"
        " const id = document.querySelector('button.session').dataset.session;"
        f" await post(`/v1/sessions/${{id}}/call-backs`, {soon}); }}"
    )
    await expect(mei.locator("body[data-rung]")).to_have_count(1)
