"""Conduct rules and lists in the settings: what they are read as, and what is wrong with them."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from router.core.policy import ConductRule, Policy
from router.settings import ConfigError, load
from router.settings.problems import Notes
from router.settings.reading import Table
from router.settings.rules import read_policy

SHOP = """
[[desk]]
id = "d"
[[desk.shops]]
id = "t"
[[desk.agents]]
id = "amy"
[[desk.sub_accounts]]
id = "t:amy"
shop = "t"
agent = "amy"
"""


def policy_of(text: str) -> tuple[Policy, list[str]]:
    notes = Notes()
    raw = tomllib.loads(text, parse_float=Decimal)
    policy = read_policy(Table(raw, "f", "policy", notes), Policy())
    return policy, [str(problem) for problem in notes.errors]


def test_a_table_changes_one_rule_and_leaves_the_others() -> None:
    policy, problems = policy_of(
        "short_reply_min = 3\nstall = '3m'\nhonorific_every_message = true\n"
        "[[conduct]]\nrule = 'abuse'\nfine = 50.5\ncharge = 'at_once'\n"
        "[[conduct]]\nrule = 'harassment'\nsending = 'warn'\n"
    )
    assert problems == []
    assert (policy.short_reply_min, policy.stall_ms) == (3, 180_000)
    assert policy.honorific_every_message
    assert policy.conduct_rule("abuse") == ConductRule(
        rule="abuse", fine_fen=5050, charge="at_once", sending="block"
    )
    assert policy.conduct_rule("harassment").sending == "warn"
    assert policy.conduct_rule("honorific") == Policy().conduct_rule("honorific")
    assert len(policy.conduct) == len(Policy().conduct)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[conduct]]\nfine = 1", "conduct[0].rule"),
        ("[[conduct]]\nrule = 'rude'", "conduct[0].rule"),
        ("[[conduct]]\nrule = 'abuse'\n[[conduct]]\nrule = 'abuse'", "conduct[1].rule"),
        ("[[conduct]]\nrule = 'abuse'\ncharge = 'twice'", "conduct[0].charge"),
        ("[[conduct]]\nrule = 'abuse'\nsending = 'maybe'", "conduct[0].sending"),
        ("[[conduct]]\nrule = 'abuse'\nfines = 1", "conduct[0].fines"),
        ("harassment_messages = 0", "harassment_messages"),
        ("stall = '0s'", "stall"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, place: str) -> None:
    _, problems = policy_of(text)
    assert len(problems) == 1
    assert f"policy.{place}:" in problems[0]


def test_folders_of_lists_are_read_beside_the_file(tmp_path: Path) -> None:
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "abuse.txt").write_text("没良心的\n", encoding="utf-8")
    path = tmp_path / "zhiban.toml"
    path.write_text(
        SHOP + '[conduct]\nlexicons = "ours"\n[shops.t]\nlexicons = "theirs"\n', encoding="utf-8"
    )
    loaded = load(path)
    assert loaded.settings.lexicons == {"": tmp_path / "ours", "t": tmp_path / "theirs"}
    assert {tmp_path / "ours", tmp_path / "theirs" / "abuse.txt"} <= set(loaded.files)


def test_bad_lists_are_named_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "abuse.txt").write_text("没良心的\n(乙丙\n", encoding="utf-8")
    path = tmp_path / "zhiban.toml"
    path.write_text(SHOP + '[conduct]\nlexicons = "ours"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert problem.file.endswith("ours/abuse.txt")
    assert "2" in problem.key
    path.write_text(SHOP + '[conduct]\nlexicons = "gone"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.problems[0].key == "conduct.lexicons"
