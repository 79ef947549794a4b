"""`[oidc]`: what it becomes, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.settings import ConfigError, load
from router.settings.oidc import NewUsers, Oidc

SECRET = "s3cret-of-the-client"
SETTINGS = """
[http]
public_url = "https://Desk.shop.cn:443/"
secure_cookies = true
[[desk]]
id = "main"
[[desk.shops]]
id = "s"
[oidc]
issuer = "https://sso.shop.cn/realms/shop"
client_id = "zhiban"
client_secret = "s3cret-of-the-client"
"""
ONE_OF = "expected exactly one of client_secret, client_secret_file, client_secret_env"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "zhiban.toml"


def read(file: Path, text: str, **environ: str) -> Oidc:
    file.write_text(text)
    found = load(file, environ).settings.oidc
    assert found is not None
    return found


def problems(file: Path, text: str, **environ: str) -> list[tuple[str, str]]:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, environ)
    assert SECRET not in str(caught.value.problems)
    return [(one.key, one.en) for one in caught.value.problems]


def test_a_provider(file: Path) -> None:
    oidc = read(file, SETTINGS)
    assert (oidc.issuer, oidc.client_id) == ("https://sso.shop.cn/realms/shop", "zhiban")
    assert (oidc.claim, oidc.label, oidc.prompt) == ("preferred_username", "", "")
    assert oidc.scopes == ("openid", "profile", "email")
    assert oidc.create is None
    assert SECRET not in repr(oidc)
    assert load(file, {}).settings.http.public_url == "https://desk.shop.cn"
    file.write_text(SETTINGS.partition("[oidc]")[0])
    assert load(file, {}).settings.oidc is None


def test_all_that_can_be_said(file: Path) -> None:
    more = """
    claim = "sub"
    label = "企业微信"
    scopes = ["openid", "wecom"]
    prompt = "select_account"
    [oidc.create]
    role = "agent"
    desk = "main"
    domains = ["shop.cn", "other.example"]
    """
    oidc = read(file, SETTINGS + more)
    assert (oidc.claim, oidc.label, oidc.prompt) == ("sub", "企业微信", "select_account")
    assert oidc.scopes == ("openid", "wecom")
    domains = ("shop.cn", "other.example")
    assert oidc.create == NewUsers(role="agent", desk="main", domains=domains)


def test_the_secret_may_stand_elsewhere(file: Path, tmp_path: Path) -> None:
    line = f'client_secret = "{SECRET}"'
    kept = tmp_path / "secret"
    kept.write_text(SECRET + "\n")
    kept.chmod(0o644)
    assert read(file, SETTINGS.replace(line, 'client_secret_file = "secret"')).client_secret == (
        SECRET
    )
    assert "oidc.client_secret_file" in [one.key for one in load(file, {}).warnings]
    kept.chmod(0o600)
    assert "oidc.client_secret_file" not in [one.key for one in load(file, {}).warnings]
    environ = SETTINGS.replace(line, 'client_secret_env = "OIDC"')
    assert read(file, environ, OIDC=SECRET).client_secret == SECRET


def test_https_wants_secure_cookies(file: Path) -> None:
    file.write_text(SETTINGS.replace("secure_cookies = true", ""))
    assert "http.secure_cookies" in [one.key for one in load(file, {}).warnings]


@pytest.mark.parametrize(
    ("old", "new", "key", "en"),
    [
        ('issuer = "https://sso.shop.cn/realms/shop"', "", "oidc.issuer", "missing; expected"),
        ("https://sso", "http://sso", "oidc.issuer", "expected an address https://"),
        ("https://sso", "https://me:pw@sso", "oidc.issuer", "expected an address https://"),
        ("realms/shop", "?realm=shop", "oidc.issuer", "expected an address https://"),
        ("realms/shop", "#", "oidc.issuer", "expected an address https://"),
        ("https://Desk", "http://Desk", "http.public_url", "expected an address https://"),
        (":443/", "/console", "http.public_url", "expected an address https://"),
        ('public_url = "https://Desk.shop.cn:443/"', "", "oidc", "needs [http] public_url"),
        ("client_id", "client", "oidc.client", "unknown key; did you mean client_id?"),
        (f'client_secret = "{SECRET}"', "", "oidc.client_secret", ONE_OF),
        (SECRET, " ", "oidc.client_secret", "is empty"),
        ('client_id = "zhiban"', 'client_id = "z"\nclient_secret_env = "X"', "oidc.client_secret",
         "expected exactly one of"),
        (f'client_secret = "{SECRET}"', 'client_secret_file = "gone"', "oidc.client_secret_file",
         "{dir}/gone cannot be read: No such file"),
        (f'client_secret = "{SECRET}"', 'client_secret_file = "zhiban.toml"',
         "oidc.client_secret_file", "{dir}/zhiban.toml should have the secret and nothing else"),
        (f'client_secret = "{SECRET}"', 'client_secret_env = "NOT_SET"', "oidc.client_secret_env",
         "is empty"),
        ("[oidc]", '[oidc]\nscopes = ["profile"]', "oidc.scopes", "must have openid"),
        ("[oidc]", '[oidc]\nprompt = "none"', "oidc.prompt", "expected one of login"),
        ("[oidc]", '[oidc.create]\nrole = "admin"\ndesk = "main"\ndomains = ["a.cn"]\n[oidc]',
         "oidc.create.role", "expected one of agent, supervisor"),
        ("[oidc]", '[oidc.create]\nrole = "agent"\ndesk = "mian"\ndomains = ["a.cn"]\n[oidc]',
         "oidc.create.desk", "no desk mian; did you mean main?"),
        ("[oidc]", '[oidc.create]\nrole = "agent"\ndesk = "main"\n[oidc]',
         "oidc.create.domains", "needs at least one domain"),
        ("[oidc]", '[oidc.create]\nrole = "agent"\ndesk = "main"\ndomains = ["@a.cn"]\n[oidc]',
         "oidc.create.domains[0]", "expected a domain"),
    ],
)  # fmt: skip
def test_a_wrong_one(file: Path, old: str, new: str, key: str, en: str) -> None:
    assert old in SETTINGS
    en = en.format(dir=file.parent)
    found = problems(file, SETTINGS.replace(old, new, 1))
    assert any(where == key and said.startswith(en) for where, said in found), found


def test_http_is_for_this_machine(file: Path) -> None:
    for host in ("127.0.0.1:9000", "localhost", "[::1]:80"):
        text = SETTINGS.replace("https://sso.shop.cn", f"http://{host}")
        assert read(file, text).issuer == f"http://{host}/realms/shop"
