"""The ledger as agents and supervisors use it: sums, proofs, appeals, waivers, and the file."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.past import Past
from tests.browser.windows import LOOP, PHONE, Windows, fits

pytestmark = LOOP

PROOF = ".proof-panel .proof"


async def go_to(page: Page, what: str) -> None:
    await page.locator(".top nav a", has_text=what).click()


async def test_an_agent_appeals_and_a_supervisor_answers_with_the_proof_beside(
    later_windows: Windows, past: Past
) -> None:
    await past.harness.online("amy")
    await past.is_late("买家甲", "amy")
    await past.is_late("<b>买家乙</b>", "amy")
    mei = await later_windows.open("amy")
    boss = await later_windows.open("boss")

    # What was missed, told so that anybody can follow it.
    await go_to(mei, "台账")
    await expect(mei.locator(".summary .sum")).to_have_text("¥40")
    await expect(mei.locator(".entries tbody tr")).to_have_count(2)
    await mei.locator(".entries tr", has_text="买家甲").locator("button").click()
    proof = mei.locator(PROOF)
    await expect(proof.locator(".verdict")).to_contain_text("买家 16:00:00 开始等,应在 16:05:00 前")
    await expect(proof.locator(".verdict")).to_contain_text("扣 小美 ¥20")
    rows = await proof.locator(".timeline .clock").all_inner_texts()
    assert [row for row in rows if row] == [
        *("+0:00.000", "+0:00.000"),
        *("+5:00.000", "+6:00.000", "+7:00.000"),
    ]
    await expect(proof.locator(".due-step .clock")).to_have_text("+5:00.000")
    await expect(proof.locator(".line.late .who")).to_have_text("小美 超时")
    await expect(proof.locator(".line.buyer .proves")).to_have_text("#3")

    await proof.get_by_role("button", name="申诉").click()
    await mei.fill("dialog input[name=reason]", "当时断网了")
    await mei.press("dialog input[name=reason]", "Enter")
    await expect(proof.locator(".appeal .waits")).to_have_text("待答复")
    await expect(mei.locator(".entries tr", has_text="买家甲").locator(".chip")).to_have_text(
        "申诉中"
    )

    # It waits for the supervisor, who sees the same.
    await expect(boss.locator(".top nav a", has_text="台账").locator(".count")).to_have_text("1")
    await go_to(boss, "台账")
    await boss.locator(".tabs a", has_text="申诉").click()
    await boss.locator(".pick", has_text="当时断网了").click()
    await expect(boss.locator(f"{PROOF} .due-step")).to_be_visible()
    await boss.fill(f"{PROOF} .answer input", "查过了,确实断网")
    await boss.locator(f"{PROOF} .answer button.first").click()
    await expect(boss.locator(f"{PROOF} .lifted").first).to_contain_text("查过了,确实断网")
    await expect(boss.locator(".pick")).to_have_count(0)
    await expect(boss.locator(".top nav .count")).to_have_count(0)

    await expect(proof.locator(".appeal.accepted")).to_contain_text("查过了,确实断网")
    await expect(mei.locator(".entries tbody tr")).to_have_count(3)
    await mei.keyboard.press("Escape")
    await expect(mei.locator(".summary .sum")).to_have_text("¥20")
    assert "<b>买家乙</b>" in await mei.locator(".entries").inner_text()


async def test_a_supervisor_filters_waives_and_takes_the_list_along(
    later_windows: Windows, past: Past, tmp_path: Path
) -> None:
    await past.harness.online("amy")
    await past.is_late("买家甲", "amy")
    await past.is_late("=1+1", "amy")
    await past.harness.online("bob")
    await past.is_late("买家丙", "bob", "shop-b")
    boss = await later_windows.open("boss")
    await go_to(boss, "台账")
    rows = boss.locator(".entries tbody tr")
    await expect(rows).to_have_count(3)
    await expect(boss.locator(".bars li")).to_have_text(["小美2 笔¥40", "阿杰1 笔¥20"])

    await boss.locator(".bars button", has_text="小美").click()
    await expect(rows).to_have_count(2)
    await expect(boss.locator(".summary .sum")).to_have_text("¥40")
    await boss.keyboard.press("Alt+ArrowDown")
    await expect(boss.locator(".proof-panel header")).to_contain_text("=1+1")
    await boss.keyboard.press("Alt+ArrowDown")
    await expect(boss.locator(".proof-panel header")).to_contain_text("买家甲")
    await boss.get_by_role("button", name="免罚").click()
    await boss.fill("dialog input[name=reason]", "系统故障")
    await boss.press("dialog input[name=reason]", "Enter")
    await expect(rows).to_have_count(3)
    await expect(boss.locator(".entries tr.is-gone .chip")).to_have_text("已免罚")

    async with boss.expect_download() as download:
        await boss.get_by_role("button", name="导出").click()
    saved = tmp_path / "ledger.csv"
    await (await download.value).save_as(saved)
    lines = saved.read_text("utf-8-sig").splitlines()
    assert len(lines) == 4
    assert lines[1].split(",")[1:4] == ["免罚", "回复", "小美"]
    assert ",'=1+1," in lines[2]
    assert ",-20," in lines[1]

    # Another day, and back; and all months.
    await boss.keyboard.press("Escape")
    await boss.get_by_role("button", name="往前").click()
    await expect(boss.locator(".entries .none")).to_be_visible()
    await boss.get_by_role("button", name="全部", exact=True).click()
    await expect(boss.locator(".bars li", has_text="2026-11")).to_contain_text("¥20")

    # What is somebody else's is not shown to who asks for it by its address.
    later_windows.expect_refused(403, "/explain")
    jie = await later_windows.open("bob", PHONE)
    await go_to(jie, "台账")
    await expect(jie.locator(".entries tbody tr")).to_have_count(1)
    assert await fits(jie)
    await jie.locator(".entries tbody button").click()
    await expect(jie.locator(f"{PROOF} .due-step")).to_be_visible()
    assert await fits(jie)
    await jie.goto(f"{past.base}/#/ledger/d1-e1")
    await expect(jie.locator(".proof-panel")).to_contain_text("不是您的")
