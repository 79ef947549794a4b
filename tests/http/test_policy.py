"""`/v1/policy`: read, tried out, and changed in the file; the desk works by it at once."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router.core import commands as c
from router.http.context import CONTEXT
from router.policy_editing import Edit, Editor
from router.policy_editing.document import Place, edited, parse
from router.settings import Loaded, check, fresh_secret, load
from tests.http.harness import DESK, MINUTE_MS, Harness, Reply, running

SECRET = fresh_secret()
SETTINGS = f"""
desks = ["desk.toml"]
[shops.shop-a]
secrets = ["{SECRET}"]
[shops.shop-b]
secrets = ["{SECRET}"]
"""
RULES = """# 一号台的规则
id = "d1"
name = "客服一台"

[policy]
reply = "5m"       # 五分钟
# sticky = "24h"   # 熟客
# 追问的时间窗
follow_up_to = "20m"

[[policy.items]]
name = "payment_reminder"   # 催付
due = "30m"

# 两家店 our shops
[[shops]]
id = "shop-a"
name = "甲店"
service_hours = ["08:00-24:00"]   # 北京时间

[[shops]]
id = "shop-b"
# 乙店回得快
[shops.policy]
reply = "3m"
"""


def desk_file() -> str:
    people = "".join(
        f'\n[[agents]]\nid = "{agent.id}"\nname = "{agent.name}"\ncapacity = {agent.capacity}\n'
        for agent in DESK.agents
    )
    seats = "".join(
        f'\n[[sub_accounts]]\nid = "{sub.id}"\nshop = "{sub.shop}"\nagent = "{sub.agent}"\n'
        for sub in DESK.sub_accounts
    )
    return RULES + people + seats


class Rules:
    """A desk that works by a file."""

    def __init__(self, desk: Harness, directory: Path) -> None:
        self.desk = desk
        self.settings = directory / "zhiban.toml"
        self.file = directory / "desk.toml"
        self.settings.write_text(SETTINGS, "utf-8")
        self.settings.chmod(0o600)
        self.file.write_text(desk_file(), "utf-8")

    @property
    def text(self) -> str:
        return self.file.read_text("utf-8")

    @property
    def backups(self) -> list[Path]:
        return sorted(self.file.parent.glob("desk.toml.*.bak"))

    async def start(self) -> None:
        await self.adopt(lambda: load(self.settings), "")
        await self.desk.shut()
        self.desk.settings = replace(
            self.desk.settings, policy_editor=Editor(self.settings, self.adopt)
        )
        await self.desk.open()

    async def adopt(self, write: Callable[[], Loaded], by: str) -> None:
        [desk] = write().desks
        if desk != self.desk.state.desk:
            self.desk.now_ms += 1
            await self.desk.service.ask("d1", c.AdoptDesk(desk=desk, by=by))
            await self.desk.settle()

    async def look(self) -> Any:
        return await self.desk.get("root", "/v1/policy")

    async def preview(self, *changes: dict[str, Any], who: str = "root") -> Any:
        reply = await self.desk.call(who, "POST", "/v1/policy/preview", {"changes": list(changes)})
        assert reply.status == 200, reply
        return reply.json

    async def put(
        self, *changes: dict[str, Any], who: str = "root", version: str | None = None
    ) -> Reply:
        version = (await self.look())["version"] if version is None else version
        headers = {"If-Match": f'"{version}"'} if version else {}
        body = {"changes": list(changes)}
        return await self.desk.call(who, "PUT", "/v1/policy", body, headers)

    async def history(self, count: int) -> list[Any]:
        """Once so many adoptions are in the book."""
        async with asyncio.timeout(10):
            while True:
                answer = await self.desk.get("root", "/v1/policy/history")
                if len(answer["adoptions"]) >= count:
                    found: list[Any] = answer["adoptions"]
                    return found
                await asyncio.sleep(0)


@asynccontextmanager
async def working(directory: Path) -> AsyncIterator[Rules]:
    async with running(directory) as desk:
        rules = Rules(desk, directory)
        await rules.start()
        yield rules


@pytest.fixture
async def rules(tmp_path: Path) -> AsyncIterator[Rules]:
    async with working(tmp_path) as found:
        yield found


def change(key: str, value: object, shop: str = "") -> dict[str, Any]:
    return {"key": key, "value": value, "shop": shop}


def scope(policy: Any, shop: str) -> Any:
    return next(one["values"] for one in policy["scopes"] if one["shop"] == shop)


async def test_each_value_says_where_it_comes_from(rules: Rules) -> None:
    policy = await rules.look()
    assert policy["in_force"]
    assert policy["locked"] is None
    assert policy["may_change"]
    desk, a, b = (scope(policy, shop) for shop in ("", "shop-a", "shop-b"))
    assert desk["reply"] == {"value": "5m", "source": "desk"}
    assert desk["sticky"] == {"value": "24h", "source": "default"}
    assert desk["reply_fine"] == {"value": 2000, "source": "default"}
    assert a["reply"] == {"value": "5m", "source": "desk"}
    assert b["reply"] == {"value": "3m", "source": "shop"}
    assert a["service_hours"] == {"value": ["08:00-24:00"], "source": "shop"}
    assert desk["items.payment_reminder.on"] == {"value": True, "source": "desk"}
    assert desk["items.cod_confirm.on"] == {"value": False, "source": "default"}
    assert desk["conduct.abuse.sending"] == {"value": "block", "source": "default"}
    assert "service_hours" not in desk
    assert "strategy" not in a
    fields = {field["key"]: field for group in policy["groups"] for field in group["fields"]}
    assert fields["reply"]["default"] == "5m"
    assert set(fields) == set(desk) | set(a)
    assert all(field["zh"] and field["en"] for field in fields.values())
    assert SECRET not in str(policy)


async def test_who_may(rules: Rules) -> None:
    desk = rules.desk
    edit = {"changes": [change("reply", "4m")]}
    assert (await desk.call("amy", "GET", "/v1/policy")).status == 403
    assert (await desk.call("amy", "GET", "/v1/policy/history")).status == 403
    assert (await desk.call("amy", "POST", "/v1/policy/preview", edit)).status == 403
    assert (await desk.get("sue", "/v1/policy"))["may_change"] is False
    assert (await rules.preview(*edit["changes"], who="sue"))["valid"]
    assert (await rules.put(*edit["changes"], who="sue")).status == 403
    assert (await desk.call("sue", "GET", "/v1/policy?desk=other")).status == 404
    assert rules.text == desk_file()


async def test_a_preview_says_what_it_means(rules: Rules) -> None:
    desk = rules.desk
    await desk.online("amy", "bob")
    await desk.says("b1", shop="shop-a")
    await desk.says("b2", shop="shop-b")
    found = await rules.preview(change("reply", "4m"), change("strategy", "round_robin"))
    assert found["valid"]
    reply, strategy = found["changes"]
    assert (reply["before"]["zh"], reply["after"]["zh"]) == ("5 分钟", "4 分钟")
    assert (reply["before"]["en"], reply["after"]["en"]) == ("5 min", "4 min")
    assert (reply["shops"], reply["others"], reply["concerned"]) == (["shop-a"], ["shop-b"], 1)
    assert "正在计时的 1 个仍按原来的" in reply["means"]["zh"]
    assert strategy["after"]["zh"] == "轮流"
    assert rules.text == desk_file()

    # A shop's own value goes: the desk's counts there.
    [back] = (await rules.preview(change("reply", None, "shop-b")))["changes"]
    assert (back["shop"], back["before"]["zh"], back["after"]["zh"]) == (
        *("shop-b", "3 分钟", "5 分钟"),
    )
    # What comes to the same is no change.
    assert (await rules.preview(change("reply", "300s")))["changes"] == []
    # Nobody has read or tried anything that the book of acts would need to have.
    rows = desk.app[CONTEXT].audit.read()
    assert all("preview" not in row.act for row in rows)


async def test_what_is_wrong_is_said_as_zhiban_check_says_it(rules: Rules) -> None:
    found = await rules.preview(
        change("reply", "five"),
        change("grace", "9m"),
        change("items.refund.due", "soon", "shop-b"),
        change("conduct.abuse.fine", -100),
        change("service_hours", ["25:00-26:00"], "shop-a"),
    )
    assert not found["valid"]
    assert found["changes"] == []
    where = {(fault["shop"], fault["key"]): fault for fault in found["errors"]}
    assert set(where) >= {
        ("", "reply"),
        ("shop-b", "items.refund.due"),
        ("", "conduct.abuse.fine"),
        ("shop-a", "service_hours"),
    }
    fault = where["", "reply"]
    assert fault["place"] == "policy.reply"
    assert fault["zh"].startswith("应为时长")
    assert "found" in fault["en"]
    refused = await rules.put(change("reply", "five"))
    assert (refused.status, refused.json["reason"]) == (422, "bad_policy")
    assert refused.json["errors"][0]["key"] == "reply"
    assert rules.text == desk_file()
    assert rules.backups == []

    warned = await rules.preview(change("warn_before", "30m"))
    assert warned["valid"]
    assert [fault["key"] for fault in warned["warnings"]] == ["warn_before", "warn_before"]


@pytest.mark.parametrize(
    "edit",
    [
        change("secrets", "x"),
        change("policy.reply", "5m"),
        change("items.unheard.due", "5m"),
        change("reply", "5m", "no-shop"),
        change("strategy", "weighted", "shop-a"),
        change("service_hours", [], ""),
        change("reply", {"a": 1}),
        {"key": "reply", "valu": "5m", "shop": 7},
    ],
)
async def test_what_there_is_not_cannot_be_changed(rules: Rules, edit: dict[str, Any]) -> None:
    body = {"changes": [edit]}
    for method, path in (("POST", "/v1/policy/preview"), ("PUT", "/v1/policy")):
        reply = await rules.desk.call("root", method, path, body, {"If-Match": '"x"'})
        assert reply.status == 400, reply
    assert rules.text == desk_file()


async def test_a_change_is_in_the_file_and_in_force(rules: Rules) -> None:
    rules.file.chmod(0o640)
    reply = await rules.put(
        change("reply", "4m"),
        change("sticky", "12h"),
        change("reply_fine", 2550),
        change("reply", None, "shop-b"),
        change("away_text", '亲,"马上"回来\n稍等', "shop-b"),
        change("service_hours", ["Mon-Fri 09:00-23:00", "Sat,Sun 10:00-02:00"], "shop-a"),
        change("items.payment_reminder.on", False),
        change("items.cod_confirm.on", True),
        change("conduct.abuse.fine", 12_000),
    )
    assert reply.status == 200, reply
    desk = rules.desk.state.desk
    assert (desk.policy.reply_ms, desk.policy.reply_fine_fen) == (4 * MINUTE_MS, 2550)
    assert desk.policy.sticky_ms == 12 * 60 * MINUTE_MS
    assert desk.policy.conduct_rule("abuse").fine_fen == 12_000
    assert [item.name for item in desk.policy.items][-1] == "cod_confirm"
    shop_a, shop_b = desk.shops
    assert shop_b.policy is not None
    assert shop_b.policy.reply_ms == 4 * MINUTE_MS
    assert "\n稍等" in shop_b.policy.away_text
    assert [hours.to_minute for hours in shop_a.service_hours] == [23 * 60, 2 * 60]
    assert reply.json["in_force"]
    assert reply.json["version"] == reply.headers["Etag"].strip('"')
    assert scope(reply.json, "")["sticky"] == {"value": "12h", "source": "desk"}

    text = rules.text
    for kept in ("# 一号台的规则", "# 五分钟", "# 熟客", "# 两家店 our shops", "# 乙店回得快"):
        assert kept in text
    assert 'sticky = "12h"   # 熟客' in text
    assert text.index("[policy]") < text.index("[[shops]]") < text.index("[[agents]]")
    assert "payment_reminder" not in text
    assert rules.file.stat().st_mode & 0o777 == 0o640
    [backup] = rules.backups
    assert backup.read_text("utf-8") == desk_file()
    assert backup.stat().st_mode & 0o077 == 0
    check(rules.settings)


async def test_two_editors_do_not_overwrite_each_other(rules: Rules) -> None:
    seen = (await rules.look())["version"]
    assert (await rules.put(change("reply", "4m"), version=seen)).status == 200
    late = await rules.put(change("sticky", "1h"), version=seen)
    assert (late.status, late.json["reason"]) == (412, "policy_changed")
    assert (await rules.put(change("sticky", "1h"), version="")).status == 428
    assert rules.desk.state.desk.policy.sticky_ms == 24 * 60 * MINUTE_MS
    assert (await rules.put(change("sticky", "1h"))).status == 200


async def test_a_running_deadline_and_a_charge_stay_as_they_were(rules: Rules) -> None:
    desk = rules.desk
    assert (await rules.put(change("service_hours", [], "shop-a"))).status == 200
    await desk.online("amy", "bob")
    await desk.says("b1", shop="shop-a")
    await desk.advance(MINUTE_MS)
    edits = change("reply", "2m"), change("reply_fine", 9900), change("grace", "1m")
    assert (await rules.put(*edits)).status == 200
    assert (await desk.get("sue", "/v1/breaches"))["breaches"] == []
    await desk.advance(7 * MINUTE_MS)
    [breach] = (await desk.get("sue", "/v1/breaches"))["breaches"]
    assert breach["fine_fen"] == 2000
    assert (await rules.put(change("reply_fine", 100))).status == 200
    assert (await desk.get("sue", "/v1/breaches"))["breaches"] == [breach]


async def test_the_book_of_adoptions(rules: Rules) -> None:
    [start] = await rules.history(1)  # the file's rules are other than those it began with
    put = await rules.put(change("reply", "6m"), change("reply", "4m", "shop-b"))
    assert put.status == 200
    await rules.history(2)
    rules.file.write_text(rules.text.replace('name = "小艾"', 'name = "小爱"'), "utf-8")
    await rules.adopt(lambda: load(rules.settings), "")  # by hand
    await rules.history(3)
    await rules.put(change("reply", None))
    back, by_hand, first, _ = await rules.history(4)
    assert (first["by"], first["by_name"]) == ("root", "root")
    assert [(one["shop"], one["after"]["zh"]) for one in first["changes"]] == [
        ("", "6 分钟"),
        ("shop-b", "4 分钟"),
    ]
    assert (by_hand["by"], by_hand["changes"]) == ("", [])
    assert [one["zh"] for one in by_hand["further"]] == ["客服名单有改动"]
    assert back["changes"][0]["rule"]["zh"] == "多久内回复"
    page = await rules.desk.get("root", "/v1/policy/history?limit=2")
    assert [one["id"] for one in page["adoptions"]] == [back["id"], by_hand["id"]]
    rest = await rules.desk.get("root", f"/v1/policy/history?before={page['next_before']}")
    assert [one["id"] for one in rest["adoptions"]] == [first["id"], start["id"]]
    # After a restart nothing is put down twice.
    await rules.desk.shut()
    await rules.desk.open()
    assert len(await rules.history(4)) == 4


async def test_changes_without_a_file_are_refused(desk: Harness) -> None:
    policy = await desk.get("root", "/v1/policy")
    assert policy["locked"]["zh"].startswith("服务不是按设置文件启动")
    assert policy["version"] == ""
    assert scope(policy, "")["reply"] == {"value": "5m", "source": "default"}
    reply = await desk.call("root", "PUT", "/v1/policy", {"changes": []}, {"If-Match": '"x"'})
    assert (reply.status, reply.json["reason"]) == (409, "policy_no_file")


async def test_a_broken_file_and_one_that_cannot_be_written(
    rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = (await rules.look())["version"]
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda file, mode: False)  # whoever runs this may be root
        locked = (await rules.look())["locked"]
    assert "desk.toml" in locked["zh"]
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", _full_disk)
        refused = await rules.put(change("reply", "4m"), version=seen)
    assert (refused.status, refused.json["reason"]) == (409, "policy_not_written")
    assert rules.text == desk_file()
    assert list(rules.file.parent.glob(".desk.toml*")) == []

    rules.file.write_text(desk_file().replace('"5m"', '"five"'), "utf-8")
    policy = await rules.look()
    assert "five" in policy["locked"]["zh"]
    assert scope(policy, "")["reply"]["value"] == "5m"  # as is in force
    assert (await rules.put(change("sticky", "1h"), version=seen)).status == 409


def _full_disk(handle: int) -> None:
    raise OSError(28, "No space left on device")


async def test_a_desk_inside_the_settings(tmp_path: Path) -> None:
    """Together with secrets: none is shown, and the backup is for its owner alone."""
    async with running(tmp_path) as desk:
        rules = Rules(desk, tmp_path)
        inline = re.sub(r"^(\[+)", r"\1desk.", desk_file(), flags=re.MULTILINE)
        rules.settings.write_text(
            SETTINGS.replace('desks = ["desk.toml"]', "") + "[[desk]]\n" + inline, "utf-8"
        )
        rules.file.unlink()
        await rules.start()
        reply = await rules.put(change("reply", "4m", "shop-b"), change("sticky", "2h"))
        assert reply.status == 200, reply
        assert SECRET not in str(reply)
        assert 'sticky = "2h"   # 熟客' in rules.settings.read_text("utf-8")
        [backup] = tmp_path.glob("zhiban.toml.*.bak")
        assert backup.stat().st_mode & 0o777 == 0o600
        assert desk.state.desk.policy.sticky_ms == 2 * 60 * MINUTE_MS


OWN_KIND = """
[[shops.policy.items]]
name = "sample_sent"     # 寄样
opens = "order.shipped"
due = "2h"
met_by = ["agent_message"]
"""


async def test_a_kind_of_work_of_one_s_own(rules: Rules) -> None:
    """It is shown and changed where it is, and nowhere else."""
    rules.file.write_text(
        desk_file().replace('reply = "3m"\n', 'reply = "3m"\n' + OWN_KIND), "utf-8"
    )
    await rules.adopt(lambda: load(rules.settings), "")
    policy = await rules.look()
    due = "items.sample_sent.due"
    assert [due in scope(policy, shop) for shop in ("", "shop-a", "shop-b")] == [False, False, True]
    reply = await rules.put(
        change(due, "3h", "shop-b"), change("items.sample_sent.fine", 500, "shop-b")
    )
    assert reply.status == 200, reply
    assert scope(reply.json, "shop-b")[due] == {"value": "3h", "source": "shop"}
    assert "# 寄样" in rules.text
    assert rules.desk.state.desk.shops[1].policy is not None
    assert rules.desk.state.desk.shops[1].policy.items[-1].fine_fen == 500


SHAPES = {
    "inline": ('policy = { reply = "5m" } # 规则\n', ""),
    "dotted": ('policy.reply = "5m" # 规则\n', ""),
    "behind": ("", '[policy] # 规则\nreply = "5m"\n'),
    "quoted": ("", "['policy'] # 规则\n\"reply\" = '5m'\n"),
    "none": ("# 规则\n", ""),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_files_written_in_other_ways(shape: str, ends: str) -> None:
    before, behind = SHAPES[shape]
    shop = '[[shops]] # 店\nid = "s"\npolicy.items = [{ name = "refund", due = "9m" }] # 项\n'
    text = "\ufeff" + (f'id = "d"\n{before}{shop}{behind}').replace("\n", ends)
    edits = [
        Edit("", "reply", "4m"),
        Edit("", "away_text", "马上回来"),
        Edit("", "conduct.abuse.fine", 12_345),
        Edit("s", "items.refund.due", "8m"),
        Edit("s", "items.cod_confirm.on", True),
    ]
    made = edited(text, Place(-1), edits)
    found = parse(made)
    [shop_found] = found.pop("shops")
    assert found == {
        "id": "d",
        "policy": {
            "reply": "4m",
            "away_text": "马上回来",
            "conduct": [{"rule": "abuse", "fine": Decimal("123.45")}],
        },
    }
    assert shop_found["policy"]["items"] == [
        {"name": "refund", "due": "8m"},
        {"name": "cod_confirm"},
    ]
    assert made.startswith("\ufeff")
    assert made.count("\r\n") == (made.count("\n") if ends == "\r\n" else 0)
    assert all(kept in made for kept in ("# 规则", "# 店", "# 项"))
    # And back again, where there is nothing to be set, nothing is touched.
    assert edited(made, Place(-1), [Edit("", "sticky", None)]) == made
