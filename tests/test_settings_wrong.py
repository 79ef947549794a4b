"""Everything that is said of a wrong configuration: each rule, with its place and its words."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from router.settings import ConfigError, Problem, load, load_desk

ROOT = Path(__file__).resolve().parent.parent
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
HAN = re.compile(r"[\u4e00-\u9fff]")

DESK = """
id = "d"
[[shops]]
id = "s"
[[agents]]
id = "a"
[[sub_accounts]]
id = "s:a"
shop = "s"
agent = "a"
"""
SETTINGS = f"""
desks = ["desk.toml"]
[shops.s]
secrets = ["{SECRET}"]
"""


@pytest.fixture
def desk_file(tmp_path: Path) -> Path:
    return tmp_path / "desk.toml"


@pytest.fixture
def file(tmp_path: Path, desk_file: Path) -> Path:
    desk_file.write_text(DESK)
    return tmp_path / "zhiban.toml"


def problems_of(path: Path, text: str, **environ: str) -> list[Problem]:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, environ) if path.name == "zhiban.toml" else load_desk(path)
    return caught.value.problems


def said(problems: list[Problem]) -> list[tuple[str, str]]:
    for problem in problems:
        assert HAN.search(problem.zh), problem
        assert not HAN.search(problem.en.partition(", found ")[0]), problem
    return [(problem.key, problem.en) for problem in problems]


# What is wrong


@pytest.mark.parametrize(
    ("extra", "key", "en"),
    [
        ('[http]\nport = 70000', "http.port",
         "expected a whole number from 0 to 65535, found 70000"),
        ('[http]\nport = "80"', "http.port", 'expected a whole number from 0 to 65535, found "80"'),
        ("[http]\nprot = 1", "http.prot", "unknown key; did you mean port?"),
        ("[htpp]\nport = 1", "htpp", "unknown key; did you mean http?"),
        ("[zzzzzz]", "zzzzzz", "unknown key"),
        ("[log]\npartitions = 0", "log.partitions",
         "expected a whole number from 1 to 1024, found 0"),
        ("[log]\nwait_replicas = 1", "log.wait_replicas",
         "must be 0: the embedded server has no replicas"),
        ('[workers]\nrun = ["archivist"]', "workers.run[0]",
         'expected one of outbound, archiver, inspector, bot, found "archivist"'),
        ('[shops.t]\noutbound_url = "ftp://x"', 'shops."t".outbound_url',
         "expected an address https:// or http://…; it is malformed"),
        ('[shops.ss]', 'shops."ss"', "no shop ss; did you mean s?"),
        ('[shops.s2]\nsecrets_env = "NOT_SET"', 'shops."s2".secrets_env',
         "environment variable NOT_SET is not set"),
        ('[shops.s2]\noutbound_url = "http://x"', 'shops."s2".outbound_url',
         "needs outbound_secret or secrets to sign with"),
        ('[[desk]]\nid = "d"\n[[desk.shops]]\nid = "t"', "id",
         "duplicate id d, as {dir}desk[0].id"),
        ('[[desk]]\nid = "e"\n[[desk.shops]]\nid = "s"', "shops[0].id",
         "shop s is desk e's already"),
        ("[log]\npartitions = true", "log.partitions",
         "expected a whole number from 1 to 1024, found true"),
    ],
)  # fmt: skip
def test_wrong_settings(file: Path, extra: str, key: str, en: str) -> None:
    en = en.format(dir=f"{file}: ")
    found = [(one.key, one.en) for one in problems_of(file, SETTINGS + extra)]
    assert (key, en) in found


ID_EN = "an id (1 to 64 characters of A-Z a-z 0-9 . _ : @ -)"
DURATION_EN = 'a duration such as "90s", "5m", "1h30m"'


@pytest.mark.parametrize(
    ("old", "new", "key", "en"),
    [
        ('id = "d"', 'id = "a|b"', "id", f'expected {ID_EN}, found "a|b"'),
        ('id = "d"', 'name = "d"', "id", f"missing; expected {ID_EN}"),
        ('id = "d"', f'id = "{"x" * 65}"', "id", f'expected {ID_EN}, found "{"x" * 59}…'),
        ('id = "d"', 'id = "d"\nstrategy = "best"', "strategy",
         "expected one of least_loaded, longest_idle, online_time, weighted, round_robin,"
         ' found "best"'),
        ('id = "d"', 'id = "d"\npolicy = 3', "policy", "expected a table […], found 3"),
        ('id = "s"', 'id = "店"', "shops[0].id", f'expected {ID_EN}, found "店"'),
        ('id = "s"', 'id = "s"\nlateness = 120', "shops[0].lateness",
         f"expected {DURATION_EN}, found 120"),
        ('id = "s"', 'id = "s"\nlatenes = "1m"', "shops[0].latenes",
         "unknown key; did you mean lateness?"),
        ('id = "s"', 'id = "s"\nconsole_only = true\nlateness = "1m"', "shops[0].lateness",
         'must be "0s" for a console_only shop: nothing can reach us late'),
        ('id = "s"', 'id = "s"\nchannel = "icq"', "shops[0].channel",
         'expected one of bridge, found "icq"'),
        ('id = "s"', 'id = "s"\nservice_hours = ["Mon-Sun 9-23"]', "shops[0].service_hours[0]",
         'expected service hours such as "Mon-Sun 09:00-23:00" or "Sat,Sun 22:00-02:00",'
         ' found "Mon-Sun 9-23"'),
        ('id = "s"', 'id = "s"\n[[shops]]\nid = "s"', "shops[1].id",
         "duplicate id s, as shops[0].id"),
        ('id = "a"', 'id = "a"\n[[agents]]\nid = "a"', "agents[1].id",
         "duplicate id a, as agents[0].id"),
        ('id = "a"', 'id = "a"\ncapacity = -1', "agents[0].capacity",
         "expected a whole number from 0 to 100000, found -1"),
        ('id = "a"', 'id = ""', "agents[0].id",
         'expected text of 1 to 128 visible characters, found ""'),
        ('shop = "s"', 'shop = "ss"', "sub_accounts[0].shop", "no shop ss; did you mean s?"),
        ('agent = "a"', 'agent = "aa"', "sub_accounts[0].agent", "no agent aa; did you mean a?"),
        ('agent = "a"', 'weight = 0', "sub_accounts[0].weight",
         "expected a whole number from 1 to 1000, found 0"),
        ('agent = "a"', '[[sub_accounts]]\nid = "s:a"\nshop = "s"', "sub_accounts[1].id",
         "duplicate id s:a, as sub_accounts[0].id"),
        ('id = "s"', 'id = "s"\n[shops.policy]\nreply = "1m"', "shops[0].policy.grace",
         "must be shorter than reply: nobody would ever be charged"),
    ],
)  # fmt: skip
def test_a_wrong_desk(desk_file: Path, old: str, new: str, key: str, en: str) -> None:
    assert (key, en) in said(problems_of(desk_file, DESK.replace(old, new, 1)))


def test_a_sub_account_of_an_unknown_group(desk_file: Path) -> None:
    text = DESK.replace('id = "s"', 'id = "s"\ngroups = ["pre_sale"]', 1) + 'groups = ["presale"]'
    assert said(problems_of(desk_file, text)) == [
        ("sub_accounts[0].groups[0]", "shop s has no group presale; did you mean pre_sale?")
    ]


@pytest.mark.parametrize(
    ("policy", "key", "en"),
    [
        ('grace = "5m"', "policy.grace",
         "must be shorter than reply: nobody would ever be charged"),
        ('grace = "4m"\nreply = "4m"', "policy.grace",
         "must be shorter than reply: nobody would ever be charged"),
        ('follow_up_to = "10m"', "policy.follow_up_to", "must be longer than follow_up_from"),
        ("reply = 300", "policy.reply",
         'expected a duration of at least 1s such as "90s", "5m", "1h30m", found 300'),
        ('reply = "0s"', "policy.reply",
         'expected a duration of at least 1s such as "90s", "5m", "1h30m", found "0s"'),
        ("reply_fine = 0.001", "policy.reply_fine",
         "expected an amount in yuan (not negative, at most 2 decimals), found 0.001"),
        ("reply_fine = -1", "policy.reply_fine",
         "expected an amount in yuan (not negative, at most 2 decimals), found -1"),
        ("reply_fine = nan", "policy.reply_fine",
         "expected an amount in yuan (not negative, at most 2 decimals), found NaN"),
        ("bots_answer = 1", "policy.bots_answer", "expected true or false, found 1"),
        ('farewells = "ok"', "policy.farewells",
         'expected [text with letters or digits, …], found "ok"'),
        ('farewells = ["~"]', "policy.farewells[0]",
         'expected text with letters or digits, found "~"'),
        ('away_messages = "drop"', "policy.away_messages",
         'expected one of move, keep, found "drop"'),
        ('replay = "5m"', "policy.replay", "unknown key; did you mean reply?"),
        ('[[policy.items]]\ndue = "5m"', "policy.items[0].name", f"missing; expected {ID_EN}"),
        ('[[policy.items]]\nname = "x"', "policy.items[0].opens",
         "missing; expected one of order.placed, order.paid, order.shipped, refund.requested,"
         " review.posted, promised"),
        ('[[policy.items]]\nname = "x"', "policy.items[0].due", f"missing; expected {DURATION_EN}"),
        ('[[policy.items]]\nname = "x"', "policy.items[0].met_by",
         "missing; expected [one of shows_order, agent_message, resolved, quick_reply, note,"
         " auto_message]"),
        ('[[policy.items]]\nname = "refund"\nmet_by = []', "policy.items[0].met_by",
         "must not be empty"),
        ('[[policy.items]]\nname = "refund"\ndue = "1m"', "policy.grace",
         "must be shorter than due of refund: nobody would ever be charged"),
        ('[[policy.items]]\nname = "refund"\n[[policy.items]]\nname = "refund"',
         "policy.items[1].name", "duplicate id refund"),
        ('[[policy.items]]\nname = "refund"\ncancelled_by = ["order.lost"]',
         "policy.items[0].cancelled_by[0]",
         'expected one of order.closed, order.paid, order.shipped, found "order.lost"'),
        ('[[policy.items]]\nname = "payment_reminder"\ncut_off = "24:00"',
         "policy.items[0].cut_off",
         'expected a time of day in Beijing such as "18:00", found "24:00"'),
        ('[[policy.items]]\nname = "payment_reminder"\ncut_off_before = "5m"',
         "policy.items[0].cut_off_before", "needs cut_off beside it"),
        ('[[policy.items]]\nname = "payment_reminder"\ncut_off = "18:00"\ncut_off_before = "24h"',
         "policy.items[0].cut_off_before", "must be shorter than 24h"),
        ('[[policy.items]]\nname = "refund"\nunpaid_only = true', "policy.items[0].unpaid_only",
         "is only for items that an order.* event opens"),
        ('[[policy.items]]\nname = "call_back"\npay_on_delivery_only = true',
         "policy.items[0].pay_on_delivery_only",
         "is only for items that an order.* event opens"),
        ('[[policy.items]]\nname = "review_case"\nauto_text = "x"', "policy.items[0].auto_text",
         "is only for items that an order.* event opens"),
        ('[[policy.items]]\nname = "refund"\nratings = ["bad"]', "policy.items[0].ratings",
         "is only for items that review.posted opens"),
        ('[[policy.items]]\nname = "review_case"\nratings = ["fine"]', "policy.items[0].ratings[0]",
         'expected one of good, neutral, bad, found "fine"'),
        ('[[policy.items]]\nname = "refund"\nopens = "promised"', "policy.items[0].opens",
         "promised is for call_back, and for it alone"),
        ('[[policy.items]]\nname = "call_back"\nopens = "order.paid"', "policy.items[0].opens",
         "promised is for call_back, and for it alone"),
        ('[[policy.items]]\nname = "shipping_notice"\nmet_by = ["auto_message"]\nauto_text = ""',
         "policy.items[0].auto_text", "must be given where met_by is auto_message alone"),
    ],
)  # fmt: skip
def test_a_wrong_policy(desk_file: Path, policy: str, key: str, en: str) -> None:
    assert (key, en) in said(problems_of(desk_file, DESK + "[policy]\n" + policy))


@pytest.mark.parametrize(
    ("text", "key", "en"),
    [
        (DESK + '[policy]\nrescue_before = "5m"', "policy.rescue_before",
         "is not shorter than reply: no session will ever be rescued"),
        (DESK + '[policy]\nwarn_before = "5m"', "policy.warn_before",
         "is not shorter than reply: nobody is warned before a late reply"),
        (DESK + '[[shops]]\nid = "t"', "shops[1].id",
         "shop t has no sub-account: its buyers will wait in the queue"),
    ],
)  # fmt: skip
def test_warnings(desk_file: Path, text: str, key: str, en: str) -> None:
    desk_file.write_text(text)
    _, warnings = load_desk(desk_file)
    assert said(warnings) == [(key, en)]


def test_a_shop_without_secrets_is_warned_of(file: Path) -> None:
    file.write_text('desks = ["desk.toml"]')
    assert said(load(file, {}).warnings) == [
        ('shops."s".secrets', "no secrets: every webhook of this shop will be refused")
    ]


def test_all_errors_are_told_at_once(file: Path, desk_file: Path) -> None:
    desk_file.write_text(DESK + '[policy]\nreply = 5\ngrace = "x"\nfoo = 1\n')
    found = problems_of(file, SETTINGS + "[http]\nport = -1\n[log]\npartitions = 0\n")
    assert [(Path(one.file).name, one.key) for one in found] == [
        ("zhiban.toml", "http.port"),
        ("zhiban.toml", "log.partitions"),
        ("desk.toml", "policy.reply"),
        ("desk.toml", "policy.grace"),
        ("desk.toml", "policy.foo"),
    ]
    assert "4" in str(ConfigError(found))
    assert "\n" not in str(ConfigError(found))


def test_files_that_cannot_be_read(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match=r"not TOML: .*line 1, column 3"):
        problems_raised(file, "a b")
    file.write_bytes(b'x = "\xff"')
    with pytest.raises(ConfigError, match="not UTF-8 at byte 5"):
        load(file)
    with pytest.raises(ConfigError, match=r"no desk: \[\[desk\]\]"):
        problems_raised(file, "")
    with pytest.raises(ConfigError, match="a desk's file; name it"):
        problems_raised(file, DESK)
    (problem,) = problems_of(file, 'desks = ["gone.toml"]')
    assert problem.file == str(tmp_path / "gone.toml")


def problems_raised(path: Path, text: str) -> None:
    path.write_text(text)
    load(path, {})
