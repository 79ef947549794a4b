"""Four in the afternoon: 婷婷's shift ends soon, 小美's at half past four, when 阿杰's begins."""

from __future__ import annotations

from typing import Any

from router.core import commands as c
from router.core.commands_shift import PlannedShift
from tests.browser.past import Past
from tests.http.harness import MINUTE_MS

HALF_MS = 30 * MINUTE_MS


async def an_evening(past: Past) -> None:
    """What 小美 and 婷婷 work with is 阿杰's from half past four on."""
    now_ms = past.harness.now_ms
    await past.harness.online("amy", "cat")

    def shift(agent: str, from_ms: int, to_ms: int, name: str, *subs: str) -> PlannedShift:
        planned_ms = now_ms + from_ms, now_ms + to_ms
        return PlannedShift(
            agent=agent, from_ms=planned_ms[0], to_ms=planned_ms[1], name=name, sub_accounts=subs
        )

    shifts = (
        shift("amy", -15 * HALF_MS, HALF_MS, "早班", "shop-a:amy"),
        shift("cat", -15 * HALF_MS, HALF_MS // 2, "早班", "shop-b:cat"),
        shift("bob", HALF_MS, 9 * HALF_MS, "晚班", "shop-a:amy", "shop-a:bob", "shop-b:cat"),
    )
    plan = c.PlanShifts(
        from_ms=now_ms - 16 * HALF_MS, to_ms=now_ms + 16 * HALF_MS, shifts=shifts, by="boss"
    )
    answer = await past.harness.service.ask("d1", plan)
    assert answer is not None
    assert answer.rejected is None, answer.rejected


async def done(past: Past, who: str, path: str, body: Any) -> Any:
    """An act over the API; what it answers."""
    reply = await past.harness.call(who, "POST", path, body)
    assert reply.status in (200, 201), reply
    return reply.json


async def handed_over(past: Past) -> None:
    """小美 has handed over as one should, 婷婷 not at all; 阿杰 takes over."""
    await past.says("买家丁", "发票能开公司抬头吗?", "shop-b")
    await past.passes(16)
    await past.says("一叶知秋", "已经拍下了,麻烦今天发,地址是公司的")
    await past.says("山里的风", "颜色发错了,怎么处理?")
    await past.answers("amy", "山里的风", "亲,实在抱歉,给您补发一件正确的")
    await past.says("小橘子不吃橘子", "拍错尺码了,想退掉")
    await past.answers("amy", "小橘子不吃橘子", "好的亲,马上为您处理")
    await past.passes(10)
    said = {
        "一叶知秋": "地址已核对,等仓库今天发出",
        "山里的风": "已答应补发,单号还没给买家",
        "小橘子不吃橘子": "退款已同意,等买家申请",
    }
    draft = await past.harness.get("amy", "/v1/handovers/draft")
    lines = [
        {"about": line["about"], "ref": line["ref"], "text": said.get(line["buyer"], "")}
        for line in draft["lines"]
    ]
    promise = {
        "about": "promise",
        "shop": "shop-a",
        "buyer": "山里的风",
        "text": "晚上八点前给补发单号",
        "due_at": "2026-11-21T20:00:00+08:00",
    }
    note = "打印机坏了,发货单在前台打。\n黑色 180 缺货,周五到,别承诺更早。"
    filed = await done(past, "amy", "/v1/handovers", {"lines": [*lines, promise], "note": note})
    path = f"/v1/handovers/{filed['id']}"
    await past.harness.online("bob")
    asked = {"text": "哪个仓库发的?", "line": 1}
    await done(past, "bob", f"{path}/questions", asked)
    await done(past, "amy", f"{path}/questions/0/answer", {"text": "二号仓,找老陈"})
    await done(past, "bob", f"{path}/acknowledge", {"lines": [0]})
