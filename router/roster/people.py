"""Whom and what a roster may name: the desk's agents and sub-accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from router.roster.words import Nearest, folded, listed


class Unknown(ValueError):
    """Nobody, or not one alone, is meant: `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class People:
    """Finds agents by id or name, sub-accounts by id; wide forms and capitals do not matter."""

    def __init__(
        self, agents: Collection[str] | Mapping[str, str], sub_accounts: Collection[str]
    ) -> None:
        names = agents if isinstance(agents, Mapping) else dict.fromkeys(agents, "")
        self._ids = frozenset(agents)
        self._agents: dict[str, set[str]] = defaultdict(set)
        for agent, name in names.items():
            for word in filter(None, (agent, name)):
                self._agents[folded(word)].add(agent)
        self._sub_accounts = {folded(account): account for account in sub_accounts}
        self._near_agents = Nearest(dict.fromkeys([*filter(None, names.values()), *names]))
        self._near_accounts = Nearest(sub_accounts)

    def agent(self, text: str) -> str:
        """The id of the agent with this id or name. Raises `Unknown`."""
        text = text.strip()
        if text in self._ids:
            return text
        found = self._agents.get(folded(text), set())
        if len(found) == 1:
            return next(iter(found))
        if found:
            ids = sorted(found)
            raise Unknown(
                f"有 {len(ids)} 位客服叫这个名字,请改写编号:{'、'.join(ids)}",
                f"{len(ids)} agents have this name; write the id: {', '.join(ids)}",
            )
        zh, en = self._near_agents.to(text)
        raise Unknown(
            f"应为客服的编号或姓名,查无此人{zh}",
            f"expected an agent's id or name; there is nobody of it{en}",
        )

    def sub_accounts(self, text: str) -> tuple[str, ...]:
        """The sub-accounts of a list. Raises `Unknown` over the first that is not known."""
        found: list[str] = []
        for word in listed(text):
            account = self._sub_accounts.get(folded(word))
            if account is None:
                zh, en = self._near_accounts.to(word)
                raise Unknown(
                    f"应为子账号的编号,没有 {word} 这个子账号{zh}",
                    f"expected ids of sub-accounts; there is no {word}{en}",
                )
            found.append(account)
        return tuple(found)
