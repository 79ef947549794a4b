"""Proofs, sums and appeals: what can be seen of a charge, and said against it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from router import cli
from router.http.proof import clock
from tests.http.harness import MINUTE_MS, Harness
from tests.http.test_flags import raised


async def charged(desk: Harness) -> dict[str, Any]:
    """amy answers a minute too late; the charge."""
    await desk.online("amy")
    await desk.says("buyer", "多少钱")
    await desk.advance(6 * MINUTE_MS)
    (session,) = (await desk.get("amy", "/v1/sessions"))["sessions"]
    path = f"/v1/sessions/{session['id']}/messages"
    assert (await desk.call("amy", "POST", path, {"text": "您好,99元"})).status == 201
    await desk.advance(3 * MINUTE_MS)
    (entry,) = (await desk.get("amy", "/v1/ledger"))["entries"]
    found: dict[str, Any] = entry
    return found


@pytest.mark.parametrize("which", ["id", "breach"])
async def test_the_proof_of_a_late_reply(desk: Harness, which: str) -> None:
    entry = await charged(desk)
    proof = await desk.get("amy", f"/v1/ledger/{entry[which]}/explain")
    assert proof["rule"]["id"] == "reply"
    assert "5分钟" in proof["rule"]["zh"]
    assert "5 minutes" in proof["rule"]["en"]
    assert proof["breach"]["id"] == entry["breach"]
    assert proof["charged"]["id"] == "amy"
    numbers = {number["name"]: number["value"] for number in proof["policy"]}
    assert numbers == {"reply": "5:00", "fine": "¥20.00", "grace": "2:00", "lateness": "2:00"}
    steps = [(step["clock"], step["at"][11:19]) for step in proof["reckoning"]]
    assert steps == [
        ("+0:00.000", "08:00:00"),
        ("+5:00.000", "08:05:00"),
        ("+7:00.000", "08:07:00"),
    ]
    lines = [(line["clock"], line["who"], line["text"]) for line in proof["lines"]]
    assert lines == [("+0:00.000", "buyer", "多少钱"), ("+6:00.000", "amy", "您好,99元")]
    assert [line["proves"] for line in proof["lines"]] == [True, False]
    assert all(line["received_at"] and line["offset"] for line in proof["lines"])
    assert proof["holders"][0]["agent"] == "amy"
    assert [e["kind"] for e in proof["entries"]] == ["charge"]
    assert (proof["flag"], proof["appeal"]) == (None, None)


async def test_the_proof_shows_what_lifted_it(desk: Harness) -> None:
    entry = await charged(desk)
    body = {"why": "the line was down"}
    assert (await desk.call("amy", "POST", f"/v1/ledger/{entry['id']}/appeal", body)).status == 201
    (appeal,) = (await desk.get("sue", "/v1/appeals"))["appeals"]
    path = f"/v1/appeals/{appeal['id']}/answer"
    reply = await desk.call("sue", "POST", path, {"accepted": True, "why": "it was"})
    assert (reply.status, reply.json["state"]) == (200, "accepted")
    proof = await desk.get("amy", f"/v1/ledger/{entry['id']}/explain")
    assert [(e["kind"], e["by"], e["why"]) for e in proof["entries"]][1] == (
        "waiver",
        "sue",
        "it was",
    )
    assert (proof["appeal"]["state"], proof["appeal"]["answer"]) == ("accepted", "it was")
    assert proof["breach"]["waived"]
    assert [line["text"] for line in proof["lines"]][-1] == "it was", "the answer's own entry"


async def test_the_proof_of_a_flag(desk: Harness) -> None:
    await desk.online("amy")
    await desk.says("buyer", "多少钱")
    (session,) = (await desk.get("amy", "/v1/sessions"))["sessions"]
    path = f"/v1/sessions/{session['id']}/messages"
    written = await desk.call("amy", "POST", path, {"text": "您好,这款99元"})
    more = {"session": session["id"], "offset": written.json["offset"], "message": "m"}
    flag = await raised(desk, **more)
    proof = await desk.get("amy", f"/v1/ledger/{flag}/explain")
    assert (proof["breach"], proof["entries"], proof["charged"]["id"]) == (None, [], "open")
    assert proof["flag"]["matched"] == "傻逼"
    assert {n["name"]: n["value"] for n in proof["policy"]} == {
        "fine": "¥100.00",
        "charge": "confirmed",
    }
    assert [line["who"] for line in proof["lines"]] == ["buyer", "amy", "inspector"]
    await desk.call("sue", "POST", f"/v1/flags/{flag}/confirm")
    (entry,) = (await desk.get("amy", "/v1/ledger"))["entries"]
    for name in (flag, entry["id"], entry["breach"]):
        proof = await desk.get("amy", f"/v1/ledger/{name}/explain")
        assert (proof["flag"]["id"], proof["breach"]["agent"]) == (flag, "amy")
        assert len(proof["reckoning"]) == 3


async def test_who_sees_a_proof(desk: Harness) -> None:
    entry = await charged(desk)
    path = f"/v1/ledger/{entry['id']}/explain"
    assert (await desk.call("sue", "GET", path)).status == 200
    assert (await desk.call("bob", "GET", path)).json["reason"] == "not_yours"
    assert (await desk.call("", "GET", path)).status == 401
    for unknown in ("d1-e99", "d9-e1", "nonsense"):
        assert (await desk.call("sue", "GET", f"/v1/ledger/{unknown}/explain")).status == 404


async def test_sums_by_day_and_month_of_beijing(desk: Harness) -> None:
    entry = await charged(desk)
    await desk.call("sue", "POST", f"/v1/flags/{await raised(desk, 'bob')}/confirm")
    body = {"why": "goodwill"}
    await desk.call("sue", "POST", f"/v1/breaches/{entry['breach']}/waive", body)
    summary = await desk.get("sue", "/v1/ledger/summary")
    rows = [(r["period"], r["agent"], r["charges"], r["total_fen"]) for r in summary["rows"]]
    assert rows == [("2026-11-21", "amy", 1, 0), ("2026-11-21", "bob", 1, 10_000)]
    assert summary["total_fen"] == 10_000
    assert (summary["rows"][0]["charged_fen"], summary["rows"][0]["lifted_fen"]) == (2000, -2000)
    month = await desk.get("sue", "/v1/ledger/summary?by=month&agent=bob")
    assert [row["period"] for row in month["rows"]] == ["2026-11"]
    own = await desk.get("amy", "/v1/ledger/summary")
    assert [row["agent"] for row in own["rows"]] == ["amy"]
    assert (await desk.get("amy", "/v1/ledger/summary?agent=bob"))["rows"] == []
    assert (await desk.call("sue", "GET", "/v1/ledger/summary?by=year")).status == 400


async def test_appeals_are_ones_own_and_answered_by_somebody_else(desk: Harness) -> None:
    entry = await charged(desk)
    path = f"/v1/ledger/{entry['id']}/appeal"
    body = {"why": "unfair"}
    assert (await desk.call("bob", "POST", path, body)).json["reason"] == "not_yours"
    assert (await desk.call("sue", "POST", path, body)).json["reason"] == "no_agent"
    assert (await desk.call("amy", "POST", path, {})).status == 400
    appeal = (await desk.call("amy", "POST", path, body)).json
    assert (appeal["state"], appeal["fine_fen"], appeal["rule"]) == ("open", 2000, "reply")
    assert (await desk.call("amy", "POST", path, body)).json["reason"] == "already_appealed"
    assert (await desk.get("bob", "/v1/appeals"))["appeals"] == []
    assert len((await desk.get("amy", "/v1/appeals?state=open"))["appeals"]) == 1
    path = f"/v1/appeals/{appeal['id']}/answer"
    answer = {"accepted": False, "why": "no"}
    assert (await desk.call("amy", "POST", path, answer)).status == 403
    desk.user("amys-own", "supervisor", agent="amy")
    assert (await desk.call("amys-own", "POST", path, answer)).json["reason"] == "own_appeal"
    assert (await desk.call("sue", "POST", path, answer)).json["state"] == "refused"
    assert (await desk.call("sue", "POST", path, answer)).json["reason"] == "already_answered"
    assert (await desk.get("amy", "/v1/ledger"))["total_fen"] == 2000
    reply = await desk.call("sue", "POST", "/v1/appeals/d1-a9/answer", answer)
    assert reply.json["reason"] == "no_such_appeal"


async def test_the_proof_says_why_they_pay_who_did_not_hold_it_any_more(desk: Harness) -> None:
    await desk.online("amy")
    await desk.says("buyer", "多少钱")
    await desk.online("bob")
    await desk.advance(8 * MINUTE_MS)  # it is rescued from amy, and bob does not answer either
    (entry,) = (await desk.get("sue", "/v1/ledger"))["entries"]
    proof = await desk.get("amy", f"/v1/ledger/{entry['id']}/explain")
    assert [held["agent"] for held in proof["holders"]] == ["amy", "bob"]
    assert proof["charged"]["id"] == "amy"
    assert proof["charged"]["en"] == "it left them too shortly before it fell due"


async def test_the_ledger_says_what_became_of_a_charge(desk: Harness) -> None:
    entry = await charged(desk)
    assert (entry["buyer"], entry["lifted"], entry["appeal"]) == ("buyer", "", "")
    await desk.call("amy", "POST", f"/v1/ledger/{entry['id']}/appeal", {"why": "unfair"})
    desk.user("amys-own", "supervisor", agent="amy")
    for who, count in (("sue", 1), ("amys-own", 0), ("amy", 0)):
        counts = (await desk.get(who, "/v1/board"))["counts"]
        assert (counts["appeals_open"], counts["flags_open"]) == (count, 0), who
    path = f"/v1/breaches/{entry['breach']}/waive"
    own = await desk.call("amys-own", "POST", path, {"why": "mine"})
    assert (own.status, own.json["reason"]) == (403, "own_breach")
    await desk.call("sue", "POST", path, {"why": "goodwill"})
    waiver, charge = (await desk.get("amy", "/v1/ledger"))["entries"]
    assert (charge["lifted"], charge["appeal"]) == ("waiver", "open")
    assert (waiver["kind"], waiver["lifted"], waiver["appeal"]) == ("waiver", "", "")


async def test_what_waits_for_a_supervisor_is_counted(desk: Harness) -> None:
    first, _ = await raised(desk, "amy"), await raised(desk, "bob")
    desk.user("amys-own", "supervisor", agent="amy")
    for who, count in (("sue", 2), ("amys-own", 1), ("amy", 0)):
        assert (await desk.get(who, "/v1/board"))["counts"]["flags_open"] == count, who
    await desk.call("sue", "POST", f"/v1/flags/{first}/confirm")
    assert (await desk.get("sue", "/v1/board"))["counts"]["flags_open"] == 1
    (entry,) = (await desk.get("amy", "/v1/ledger"))["entries"]
    assert entry["lifted"] == ""
    await desk.call("sue", "POST", f"/v1/flags/{first}/dismiss", {"why": "a joke"})
    reversal, charge = (await desk.get("amy", "/v1/ledger"))["entries"]
    assert (reversal["kind"], charge["lifted"]) == ("reversal", "reversal")


async def test_the_command_line_prints_it(
    desk: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = await charged(desk)
    body = {"why": "the line was down"}
    await desk.call("amy", "POST", f"/v1/ledger/{entry['id']}/appeal", body)
    words = ["explain", entry["id"], "--url", f"http://127.0.0.1:{desk.port}"]
    status = await asyncio.to_thread(cli.main, [*words, "--token", desk.tokens["amy"]])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    wanted = (
        *("reply", "5分钟", "¥20.00", "+5:00.000", "2026-11-21 16:05:00.000", "多少钱"),
        *("+6:00.000", "罚款 charge", "申诉 appeal: 待答复 open", "the line was down"),
    )
    for part in wanted:
        assert part in out, out
    status = await asyncio.to_thread(cli.main, [*words, "--token", desk.tokens["bob"]])
    assert status == 1
    assert "this is not yours" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("length_ms", "sign", "text"),
    [
        (299_999, True, "+4:59.999"),
        (300_000, False, "5:00"),
        (-12_000, True, "-0:12.000"),
        (3_723_000, False, "1:02:03"),
        (0, True, "+0:00.000"),
    ],
)
def test_clocks(length_ms: int, sign: bool, text: str) -> None:
    assert clock(length_ms, sign=sign) == text
