"""Settings and desks from TOML: what they become."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import msgspec
import pytest

import config
from router.core.policy import (
    KNOWN_KINDS,
    AwayMessages,
    Desk,
    ItemKind,
    Meets,
    Opens,
    Policy,
    Strategy,
)
from router.settings import EXAMPLE_SECRET, ConfigError, Problem, check, load, load_desk
from router.settings.hours import parse_hours
from router.settings.reading import duration_ms

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


def desk_of(path: Path, text: str) -> Desk:
    path.write_text(text)
    desk, warnings = load_desk(path)
    assert warnings == []
    return desk


# What ships


def test_the_demo_is_good_and_makes_its_own_secrets() -> None:
    first, second = load(ROOT / "config/demo.toml", {}), load(ROOT / "config/demo.toml", {})
    assert first.warnings == []
    assert first.settings.demo
    (desk,) = first.desks
    assert (len(desk.shops), len(desk.agents)) == (2, 6)
    assert desk.policy.reply_ms == 40_000
    assert set(first.settings.shops) == {shop.id for shop in desk.shops}
    secrets = [
        shop.secrets[0] for loaded in (first, second) for shop in loaded.settings.shops.values()
    ]
    assert len(set(secrets)) == 4


def test_the_example_is_good_but_for_its_public_secrets() -> None:
    loaded = load(ROOT / "config/example.toml", {})
    assert [(one.key, one.en[:20]) for one in loaded.warnings] == [
        ('shops."tmall-flagship".secrets', "the example's secret"),
        ('shops."pdd-outlet".secrets', "the example's secret"),
    ]
    (desk,) = loaded.desks
    assert (len(desk.shops), len(desk.agents), len(desk.sub_accounts)) == (2, 5, 6)
    shop = desk.shops[1]
    assert shop.policy is not None
    assert (shop.policy.reply_ms, shop.policy.grace_ms) == (180_000, 60_000)
    assert [item.name for item in shop.policy.items][-1] == "payment_reminder"
    assert EXAMPLE_SECRET in config.path("example.toml").read_text("utf-8")


def test_what_the_example_calls_defaults_are_the_defaults(tmp_path: Path) -> None:
    desk, warnings = load_desk(ROOT / "config/desk-example.toml")
    assert warnings == []
    assert desk.policy.items[:3] == Policy().items
    assert Policy() == Policy(
        **{name: getattr(desk.policy, name) for name in Policy.__struct_fields__ if name != "items"}
    )
    lines = (ROOT / "config/desk-example.toml").read_text().splitlines()
    shown = [line[2:] for line in lines if re.match(r"# [a-z_]+ = ", line)]
    shown = [line for line in shown if line.split(" ")[0] in POLICY_KEYS]
    assert len(shown) >= 10
    text = DESK + "[policy]\n" + "\n".join(line for line in shown if "farewells" not in line)
    assert desk_of(tmp_path / "d.toml", text).policy == Policy()


POLICY_KEYS = {re.sub("_(ms|fen)$", "", name) for name in Policy.__struct_fields__}


# What it becomes


def test_a_small_file_is_enough(file: Path) -> None:
    file.write_text(SETTINGS)
    settings, desks, warnings, files = load(file, {})
    assert files == (file, file.parent / "desk.toml")
    assert warnings == []
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert (settings.log.url, settings.log.data_dir) == ("", Path("zhiban-data"))
    assert settings.log.partitions == 1
    assert settings.shops["s"].secrets == (SECRET,)
    assert settings.shops["s"].outbound_secret == SECRET
    assert desks[0].policy == Policy()
    assert SECRET not in repr(settings)


def test_every_key_of_the_settings(file: Path) -> None:
    file.write_text(
        SETTINGS + 'outbound_url = "https://a.example/x"\n'
        f'outbound_secret = "{SECRET[:-4]}cw=="\n'
        '[http]\nhost = "::1"\nport = 0\n'
        '[log]\nurl = "rediss://u:p@r:1/0"\ndata_dir = "/d"\npartitions = 8\nwait_replicas = 1\n'
        '[archive]\npath = "a.db"\n[workers]\nrun = ["outbound"]\n'
    )
    settings = load(file, {}).settings
    assert (settings.http.host, settings.http.port) == ("::1", 0)
    assert (settings.log.url, settings.log.data_dir) == ("rediss://u:p@r:1/0", Path("/d"))
    assert (settings.log.partitions, settings.log.wait_replicas) == (8, 1)
    assert (settings.archive.path, settings.workers.run) == ("a.db", ("outbound",))
    assert settings.shops["s"].outbound_url == "https://a.example/x"
    assert settings.shops["s"].outbound_secret == SECRET[:-4] + "cw=="


def test_a_policy_in_human_units(desk_file: Path) -> None:
    desk = desk_of(
        desk_file,
        'strategy = "weighted"\n'
        + DESK
        + """
        [policy]
        reply = "1h30m"
        reply_fine = 12.5
        bots_answer = true
        away_messages = "keep"
        farewells = ["OK!", "Bye~"]
        [[policy.items]]
        name = "refund"
        fine = 0.05
        [[policy.items]]
        name = "address_check"
        opens = "order.paid"
        due = "10m"
        met_by = ["shows_order"]
        cancelled_by = ["order.closed"]
        """,
    )
    policy = desk.policy
    assert desk.strategy is Strategy.WEIGHTED
    assert (policy.reply_ms, policy.reply_fine_fen) == (5_400_000, 1_250)
    assert policy.bots_answer
    assert policy.away_messages is AwayMessages.KEEP
    assert policy.farewells == ("ok", "bye")
    names = [item.name for item in policy.items]
    assert names == ["order_check", "refund", "call_back", "address_check"]
    assert policy.items[1].fine_fen == 5
    assert policy.items[1].due_ms == Policy().items[1].due_ms
    assert policy.items[3].opens is Opens.ORDER_PAID
    assert policy.items[3].met_by == (Meets.SHOWS_ORDER,)


@pytest.mark.parametrize("name", list(KNOWN_KINDS))
def test_a_known_kind_is_switched_on_by_its_name(desk_file: Path, name: str) -> None:
    policy = desk_of(desk_file, DESK + f'[[policy.items]]\nname = "{name}"').policy
    assert KNOWN_KINDS[name] in policy.items


def test_all_that_a_kind_can_be_told(desk_file: Path) -> None:
    text = """
        [[policy.items]]
        name = "remind"
        opens = "order.placed"
        due = "30m"
        fine = 5
        met_by = ["note", "quick_reply"]
        met_by_all = true
        unpaid_only = true
        pay_on_delivery_only = true
        cut_off = "18:30"
        cut_off_before = "45m"
        auto_text = "{order}"
        [[policy.items]]
        name = "review_case"
        ratings = ["bad"]
        """
    remind, review = desk_of(desk_file, DESK + text).policy.items[-2:]
    assert remind == ItemKind(
        name="remind",
        opens=Opens.ORDER_PLACED,
        due_ms=1_800_000,
        fine_fen=500,
        met_by=(Meets.NOTE, Meets.QUICK_REPLY),
        met_by_all=True,
        unpaid_only=True,
        pay_on_delivery_only=True,
        cut_off_minute=18 * 60 + 30,
        cut_off_before_ms=2_700_000,
        auto_text="{order}",
    )
    assert review == msgspec.structs.replace(KNOWN_KINDS["review_case"], ratings=("bad",))


def test_a_shop_overrides_single_keys_of_its_desk(desk_file: Path) -> None:
    text = '[policy]\nreply = "4m"\nreply_fine = 7\n[[shops]]\nid = "s"\n[shops.policy]\n'
    desk = desk_of(desk_file, DESK.replace('[[shops]]\nid = "s"\n', text + 'reply = "3m"\n'))
    policy = desk.shops[0].policy
    assert policy is not None
    assert (policy.reply_ms, policy.reply_fine_fen) == (180_000, 700)
    assert desk.policy.reply_ms == 240_000


def test_console_only_means_no_lateness(desk_file: Path) -> None:
    for extra in ("", 'lateness = "0s"'):
        desk = desk_of(
            desk_file, DESK.replace('id = "s"\n', f'id = "s"\nconsole_only=true\n{extra}\n')
        )
        assert desk.shops[0].lateness_ms == 0


@pytest.mark.parametrize(
    ("text", "ms"),
    [("90s", 90_000), ("5m", 300_000), ("1h30m", 5_400_000), ("0s", 0), ("1d", 86_400_000)],
)
def test_durations(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize(
    "text", ["", "5", "5 m", "m", "-5m", "5m1h", "1.5h", "5M", "٥m", 300, True]
)
def test_no_durations(text: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        duration_ms(text)


def test_service_hours() -> None:
    span = parse_hours("Mon-Sun 09:00-23:00")
    assert (span.days, span.from_minute, span.to_minute) == (tuple(range(7)), 540, 1380)
    assert parse_hours("周六,周日 22:00-02:00") == parse_hours("Sat,Sun 22:00-02:00")
    assert parse_hours("Sat-Mon 00:00-24:00").days == (0, 5, 6)
    assert parse_hours("08:00-24:00").days == tuple(range(7))


@pytest.mark.parametrize(
    "text",
    ["", "Mon", "Mon 9:00-10:00", "Mon 25:00-26:00", "Mon 09:00-09:00", "Xyz 09:00-10:00", 9],
)
def test_no_service_hours(text: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_hours(text)


# Secrets from elsewhere


def test_secrets_from_the_environment_and_a_file(file: Path, tmp_path: Path) -> None:
    other = "whsec_" + base64.b64encode(b"t" * 24).decode()
    beside = tmp_path / "secrets.toml"
    beside.write_text(f'[shops.s]\nsecrets = ["{other}"]\n')
    beside.chmod(0o600)
    file.write_text(
        'secrets_file = "secrets.toml"\ndesks = ["desk.toml"]\n[shops.s]\nsecrets_env = "KEYS"\n'
    )
    loaded = load(file, {"KEYS": f"{SECRET}, {SECRET}"})
    assert loaded.settings.shops["s"].secrets == (SECRET, SECRET, other)
    assert loaded.warnings == []
    beside.chmod(0o644)
    (warning,) = load(file, {"KEYS": SECRET}).warnings
    assert warning.en == "other users can read the secrets: chmod 600"


def test_a_secret_is_never_shown(file: Path) -> None:
    short = base64.b64encode(b"short").decode()
    text = f'[shops.s]\nsecrets = ["nope-{short}", "whsec_§", "whsec_{short}"]\n'
    text = 'desks = ["desk.toml"]\n' + text
    found = problems_of(file, text + 'secrets_env = "KEYS"\n', KEYS=f"whsec_{short}")
    assert [problem.key for problem in found] == [
        *(f'shops."s".secrets[{index}]' for index in range(3)),
        'shops."s".secrets_env',
    ]
    for problem, why in zip(found, ("whsec_", "base64", "5 bytes", "5 bytes"), strict=True):
        assert why in problem.en
        assert short not in str(problem)
        assert "§" not in str(problem)


def test_an_address_with_a_password_is_never_shown(file: Path) -> None:
    for url in ("http://u:pw@h", "redis://u:pw@h:pw", "redis://"):
        ((key, en),) = said(problems_of(file, SETTINGS + f'[log]\nurl = "{url}"\n'))[:1]
        assert key == "log.url"
        assert "pw" not in en


def test_check_knows_both_kinds_of_files(file: Path, desk_file: Path) -> None:
    file.write_text(SETTINGS)
    for path in (file, desk_file):
        size, warnings = check(path)
        assert size.startswith("1 个客服台 desks, 1 个店铺 shops, 1 名客服 agents")
        assert warnings == []


def test_the_one_desk_of_a_settings_file(file: Path) -> None:
    file.write_text(SETTINGS)
    assert load_desk(file)[0].id == "d"
