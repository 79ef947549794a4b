"""A changed configuration goes into the log; a broken one changes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from router.core.facts import DeskAdopted
from router.daemon import Daemon
from router.settings import fresh_secret, load

CONFIG = """
[http]
port = 0

[log]
url = "{url}"
data_dir = "{data}"

[shops."s1"]
secrets = ["{secret}"]

[[desk]]
id = "desk"
[desk.policy]
reply = "{reply}"
[[desk.shops]]
id = "s1"
[[desk.agents]]
id = "mei"
[[desk.sub_accounts]]
id = "s1:mei"
shop = "s1"
agent = "mei"
"""


async def test_a_changed_policy_goes_into_the_log(valkey_url: str, tmp_path: Path) -> None:
    file = tmp_path / "zhiban.toml"
    secret = fresh_secret()

    def write(reply: str) -> None:
        text = CONFIG.format(url=valkey_url, data=tmp_path, secret=secret, reply=reply)
        file.write_text(text, encoding="utf-8")

    write("5m")
    async with Daemon(load(file), config=file) as daemon:
        service = daemon.service
        partition = service.partition("desk")
        assert service.state("desk").desk.policy.reply_ms == 300_000
        with partition.listen() as listener:
            write("3m")
            async with asyncio.timeout(10):  # the file is looked at every two seconds
                committed = await listener.next()
        assert committed is not None
        [(_, facts)] = committed.desks
        assert [type(fact) for fact in facts] == [DeskAdopted]
        assert service.state("desk").desk.policy.reply_ms == 180_000
        before = (await partition.log.meta()).tail
        write("three minutes")
        await daemon.reload(file)
        assert (await partition.log.meta()).tail == before
        assert service.state("desk").desk.policy.reply_ms == 180_000
    write("3m")
    async with Daemon(load(file)) as daemon:
        # nothing has changed since: nothing is adopted again
        meta = await daemon.service.partition("desk").log.meta()
        assert meta.tail == before
