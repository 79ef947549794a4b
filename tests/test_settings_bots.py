"""Settings of leaving, of automatic texts and of bots."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.core.policy import Policy
from router.settings import ConfigError, load, load_desk
from tests.test_settings import DESK, SECRET, SETTINGS, desk_of

OTHER = SECRET[:-4] + "cw=="


def test_all_their_keys(tmp_path: Path) -> None:
    text = (
        DESK
        + """
    [policy]
    away_fine = 15.5
    away_return = "3m"
    presence_max = "12h"
    presence_ends_with_shift = true
    handover_required = false
    handover_fine = 25
    handover_grace = "5m"
    late_after = "1m"
    follows_within = "90m"
    out_of_hours_text = "休息了"
    waiting_text = "马上来"
    waiting_after = "90s"
    auto_period = "6h"
    bot_mode = "mixed"
    bot_wait = "20s"
    """
    )
    assert desk_of(tmp_path / "d.toml", text).policy == Policy(
        away_fine_fen=1_550,
        away_return_ms=180_000,
        presence_max_ms=43_200_000,
        presence_ends_with_shift=True,
        handover_required=False,
        handover_fine_fen=2_500,
        handover_grace_ms=300_000,
        late_after_ms=60_000,
        follows_within_ms=5_400_000,
        out_of_hours_text="休息了",
        waiting_text="马上来",
        waiting_after_ms=90_000,
        auto_period_ms=21_600_000,
        bot_mode="mixed",
        bot_wait_ms=20_000,
    )


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ('waiting_text = "x"\nwaiting_after = "5m"', "waiting_after"),
        ('bot_mode = "mixed"\nbot_wait = "5m"', "bot_wait"),
        ('presence_max = "4m59s"', "presence_max"),
    ],
)
def test_what_cannot_be_meant_is_warned_of(tmp_path: Path, keys: str, key: str) -> None:
    path = tmp_path / "d.toml"
    path.write_text(DESK + "[policy]\n" + keys)
    (warning,) = load_desk(path)[1]
    assert warning.key == f"policy.{key}"


@pytest.mark.parametrize(
    "keys",
    [
        'waiting_after = "5m"',
        'waiting_text = "x"\nwaiting_after = "4m59s"',
        'bot_wait = "5m"',
        'presence_max = "5m"',
    ],
)
def test_what_can_is_not(tmp_path: Path, keys: str) -> None:
    path = tmp_path / "d.toml"
    path.write_text(DESK + "[policy]\n" + keys)
    assert load_desk(path)[1] == []


@pytest.mark.parametrize("keys", ['bot_mode = "first"', 'away_return = "0s"', "away_fine = -1"])
def test_what_is_wrong(tmp_path: Path, keys: str) -> None:
    path = tmp_path / "d.toml"
    path.write_text(DESK + "[policy]\n" + keys)
    with pytest.raises(ConfigError) as caught:
        load_desk(path)
    assert [one.key for one in caught.value.problems] == ["policy." + keys.partition(" ")[0]]


def settings(tmp_path: Path, *, mode: str, keys: str) -> Path:
    (tmp_path / "desk.toml").write_text(DESK + f'[policy]\nbot_mode = "{mode}"\n')
    path = tmp_path / "zhiban.toml"
    path.write_text(SETTINGS + keys)
    return path


@pytest.mark.parametrize(
    ("keys", "secret"),
    [
        ("", SECRET),
        (f'outbound_secret = "{OTHER}"\n', OTHER),
        (f'bot_secret = "{OTHER}"\n', OTHER),
    ],
)
def test_a_shops_bot(tmp_path: Path, keys: str, secret: str) -> None:
    keys = 'bot_url = "https://bot.example/ask"\n' + keys
    loaded = load(settings(tmp_path, mode="mixed", keys=keys), {})
    shop = loaded.settings.shops["s"]
    assert (shop.bot_url, shop.bot_secret) == ("https://bot.example/ask", secret)
    assert loaded.warnings == []
    assert secret not in repr(loaded.settings)


@pytest.mark.parametrize(
    ("mode", "keys"), [("mixed", ""), ("off", 'bot_url = "https://bot.example/ask"\n')]
)
def test_a_bot_and_its_mode_belong_together(tmp_path: Path, mode: str, keys: str) -> None:
    (warning,) = load(settings(tmp_path, mode=mode, keys=keys), {}).warnings
    assert warning.key == 'shops."s".bot_url'


@pytest.mark.parametrize("url", ["ftp://x", "bot", "http://"])
def test_no_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(settings(tmp_path, mode="mixed", keys=f'bot_url = "{url}"\n'), {})
    assert 'shops."s".bot_url' in [one.key for one in caught.value.problems]


def test_a_bots_secret_in_the_secrets_file(tmp_path: Path) -> None:
    path = settings(tmp_path, mode="mixed", keys='bot_url = "https://bot.example/ask"\n')
    path.write_text('secrets_file = "secrets.toml"\n' + path.read_text())
    beside = tmp_path / "secrets.toml"
    beside.write_text(f'[shops.s]\nbot_secret = "{OTHER}"\n')
    beside.chmod(0o600)
    assert load(path, {}).settings.shops["s"].bot_secret == OTHER
