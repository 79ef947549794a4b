"""Shifts: a supervisor plans and imports, an agent sees their own; who is late is seen at once."""

from __future__ import annotations

import re
from datetime import date

import pytest
from msgspec.structs import replace
from playwright.async_api import FilePayload, Page, expect

from router.core.policy import HOUR_MS
from tests.browser.rosters import a_rostered_day, day, plan, shift, to_shifts
from tests.browser.stage import Stage
from tests.browser.test_accessible import assert_accessible
from tests.browser.windows import LOOP, PHONE, Windows, fits, online

pytestmark = LOOP


def table(*rows: str) -> str:
    return "\n".join(("客服,日期,班次,开始,结束,休息,子账号", *rows)) + "\n"


def as_file(text: str, name: str = "12月排班.csv") -> FilePayload:
    return FilePayload(name=name, mimeType="text/csv", buffer=text.encode("gb18030"))


async def read_file(page: Page, text: str) -> None:
    await page.set_input_files(".roster-drop input", as_file(text))


def planned(stage: Stage) -> list[tuple[str, str]]:
    return [(s.agent, s.state) for s in stage.state.shifts.values()]


async def test_a_file_is_looked_through_before_it_is_taken_over(
    windows: Windows, stage: Stage
) -> None:
    windows.expect_refused(422, "/roster/import")
    windows.expect_refused(409, "/roster/import")
    old = replace(shift("xiaomei", 2, 13, 8, "晚班"), breaks=())
    await plan(stage, old, shift("ajie", 3, 9, 9, "早班"))
    boss, mei = await windows.open("boss"), await windows.open("xiaomei")
    await to_shifts(boss, f"/week/{day(2)}")
    await to_shifts(mei)
    await expect(mei.locator(".my-shift")).to_contain_text("13:00–21:00")
    await boss.click("button:has-text('导入排班表')")

    await read_file(
        boss, table("小明,2026-13-01,早班,09:00,18:00,,", f"阿杰,{day(2)},晚班,25:00,18:00,,<b>")
    )
    wrong = boss.locator(".roster-problems tbody tr")
    await expect(wrong).to_have_count(4)
    await expect(wrong.nth(2)).to_have_text(re.compile(r"12月排班3D.*25:00.*应为时间"))
    await expect(wrong.nth(3).locator(".wrote")).to_contain_text("<b>")
    await boss.click("button:has-text('换一个文件')")

    # 阿杰 is to have 小美's sub-account for an hour of her shift.
    await read_file(
        boss,
        table(
            f"小美,{day(2)},早班,09:00,18:00,12:00-12:30,",
            f"阿杰,{day(2)},夜班,17:00,01:00,,tmall:小美",
            f"阿杰,{day(3)},休,,,,",
        ),
    )
    changes = boss.locator(".roster-changes tbody tr")
    await expect(changes).to_have_count(3)
    await expect(changes.nth(0)).to_contain_text(re.compile("13:00–21:00.*09:00–18:00"))
    await expect(changes.locator(".roster-change")).to_have_text(["改动", "新增", "去掉"])
    await expect(changes.nth(1)).to_contain_text("17:00–次日 01:00")
    await expect(boss.locator("dialog .roster-clashes li")).to_have_text(
        re.compile("17:00–18:00.*tmall:小美")
    )
    assert len(planned(stage)) == 2, "nothing was taken over"

    # Meanwhile somebody changes what the file would have removed: it is shown again.
    await plan(stage, old)
    await boss.click("button:has-text('导入这 3 处改动')")
    await expect(boss.locator("dialog .problem")).to_contain_text("班表刚刚有变动")
    await expect(changes.locator(".roster-change")).to_have_text(["改动", "新增"])
    await boss.click("button:has-text('导入这 2 处改动')")
    await expect(boss.locator("dialog")).to_have_count(0)
    await expect(boss.locator(".roster-chip.clash")).to_have_count(2)
    await expect(mei.locator(".my-shift")).to_contain_text("09:00–18:00")
    hers = mei.locator(".shift-around")
    await expect(hers).to_contain_text("休息 12:00–12:30")
    await expect(hers).to_contain_text("阿杰,17:00 上班")
    assert await fits(boss)

    await boss.click(".menu.files summary")
    async with boss.expect_download() as download:
        await boss.click("a:has-text('下载空白模板')")
    assert (await download.value).suggested_filename == "roster-template.xlsx"


@pytest.mark.slow
async def test_shifts_are_added_changed_swapped_and_cancelled(
    windows: Windows, stage: Stage
) -> None:
    windows.expect_refused(409, "/shifts")
    boss, mei = await windows.open("boss"), await windows.open("xiaomei")
    await to_shifts(boss, f"/week/{day(1)}")
    await to_shifts(mei)
    await expect(mei.locator(".my-now")).to_contain_text("这两周没有你的班次")
    row = boss.locator("tr[data-agent=xiaomei]")

    async def give(button: str, why: str, **fields: str) -> None:
        for name, value in fields.items():
            await boss.fill(f"dialog [name={name}]", value)
        await boss.fill("dialog [name=why], dialog [name=reason]", why)
        await boss.click(f"dialog button.first:has-text('{button}')")

    async def over_night(why: str) -> None:
        await give(
            "加班次", why, day=day(1), start="22:00", stop="06:00", name="夜班", breaks="2:00-2:30"
        )

    await boss.click(".shifts-top button:has-text('加班次')")
    await boss.select_option("dialog [name=agent]", "xiaomei")
    await over_night("顶班")
    await expect(row.locator(".roster-chip.band-night:not(.rest)")).to_contain_text(
        "22:00–次日 06:00"
    )
    mine = mei.locator(".my-shift")
    await expect(mine).to_contain_text("22:00–次日 06:00")
    await expect(mine).to_contain_text("休息 02:00–02:30")
    await boss.click(".shifts-top button:has-text('加班次')")
    await boss.select_option("dialog [name=agent]", "xiaomei")
    for name, value in {"day": day(1), "start": "22:00", "stop": "06:00"}.items():
        await boss.fill(f"dialog [name={name}]", value)
    await expect(boss.locator("dialog .problem")).to_contain_text("同一个人的班次重叠")
    await expect(boss.locator("dialog button.first")).to_be_disabled()
    await boss.select_option("dialog [name=agent]", "ajie")
    await give("加班次", "顶班", day=day(1), start="09:00", stop="18:00", name="早班", breaks="")

    chip = row.locator("[data-shift]")
    column = date.fromisoformat(day(1)).weekday()
    await chip.drag_to(boss.locator("tr[data-agent=ajie] td").nth(column))
    await expect(boss.locator("dialog [name=agent]")).to_have_value("ajie")
    await boss.click("dialog .close")  # Escape may still belong to the dragging
    await chip.click()
    await boss.fill("dialog [name=start]", "21:00")
    shown = boss.locator("dialog .shift-preview")
    await expect(shown.locator("del")).to_contain_text("22:00–次日 06:00 (8 小时)")
    await expect(shown.locator("ins")).to_contain_text("21:00–次日 06:00 (9 小时)")
    await expect(shown).to_contain_text("小美 的排班页会马上更新")
    night = stage.state.shifts["desk-r1"]
    assert night.to_ms - night.from_ms == 8 * HOUR_MS, "nothing is changed yet"
    await give("保存", "早到")
    await expect(chip).to_contain_text("21:00–次日 06:00")
    await expect(mine).to_contain_text("21:00–次日 06:00")
    await chip.click()
    await boss.click("dialog button:has-text('换班…')")
    await expect(boss.locator("dialog select option")).to_have_count(1)
    await expect(shown.locator(".changes li")).to_have_count(2)
    await give("换班", "换班")
    await expect(chip).to_contain_text("09:00–18:00")
    await expect(mine).to_contain_text("09:00–18:00")
    await chip.click()
    await boss.click("dialog button:has-text('取消班次…')")
    await expect(shown.locator(".gap")).to_contain_text("09:00–18:00,tmall:小美")
    await boss.fill("dialog [name=why]", "病假")
    await boss.click("dialog button.danger")
    await expect(chip).to_have_count(0)
    await expect(mine).to_contain_text("已取消")
    assert sorted(planned(stage)) == [("ajie", "planned"), ("xiaomei", "cancelled")]


@pytest.mark.slow
async def test_who_is_late_is_seen_at_once_also_on_a_phone(windows: Windows, stage: Stage) -> None:
    await a_rostered_day(stage)
    boss, jie = await windows.open("boss"), await windows.open("ajie", PHONE, "dark")
    first = boss.locator(".agents li").first
    await expect(first).to_contain_text(re.compile("阿杰.*迟到 \\d 分钟,还没来"))
    await expect(boss.locator("#agents-title")).to_contain_text("1 人未到")
    lili = boss.locator(".agents [data-agent=lili]")
    await expect(lili).to_contain_text(re.compile(r"休息中,到 \d\d:\d\d"))
    await to_shifts(jie)
    await expect(jie.locator(".my-now.late")).to_contain_text("请上线")
    await to_shifts(boss, "/day")
    rows = boss.locator("[data-shift-row]")
    await expect(rows.first).to_contain_text("阿杰")
    await expect(boss.locator(".shift-tally .alarm")).to_contain_text("1 未到")
    await assert_accessible(boss, "a day of the roster")
    await assert_accessible(jie, "who is late")

    await online(jie)
    await expect(boss.locator("[data-shift-row].late")).to_have_count(0)
    await expect(jie.locator(".my-now.late")).to_have_count(0)
    assert await fits(jie)
    await boss.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert await fits(boss)
    await to_shifts(boss, "/attendance")
    await expect(boss.locator(".shift-sums tr[data-agent=ajie]")).to_be_visible()
    assert await fits(boss)
    await to_shifts(boss, f"/week/{day(1)}")
    await expect(boss.locator(".roster-chip:visible").first).to_be_visible()
    assert await fits(boss)
    await boss.click("button:has-text('导入排班表')")
    await read_file(boss, table(f"小美,{day(2)},早班,09:00,18:00,,"))
    await expect(boss.locator(".roster-change").first).to_be_visible()
    assert await fits(boss)
    await boss.keyboard.press("Escape")
    await boss.click(".top nav a[href='#/board']")
    await expect(boss.locator(".agents .awaited")).to_have_count(0)
    await expect(boss.locator(".agents [data-agent=ajie]")).to_contain_text(
        re.compile("当班到.*迟到 1 分钟")
    )
