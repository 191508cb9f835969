"""What is written through the channel doubles and answered there, drawn step by step."""

import random

from faults.tenants import ACCOUNTS, AGENTS, MANAGERS, Account, Json

_DRAWS = {"speak": 6, "reply": 12, "act": 4, "retry": 2, "edit": 2, "delete": 1}
_CUSTOMERS = 12
"""Of each page; they are others than those of the rest of the history."""
_POSTS = ("6001", "6002")
_RIPE_S = 3.0
"""So long after something was written the inbox shows it, if nothing is broken."""
_RECENT = 24
_FIELDS = ("hidden", "liked")
_WITH_A_FILE = 0.2
"""The share of replies that have a picture."""


class DrawingReplies:
    """Draws steps; remembers what was written, so that later steps can answer it."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._written: list[tuple[float, Json]] = []
        self._private: set[str] = set()
        """The comments that were answered privately: each can be once."""
        self._replied: list[tuple[float, str]] = []
        self._below: list[tuple[float, str]] = []
        """The replies that are comments, and were not deleted."""
        self._edited: set[str] = set()

    def draw(self, number: int, at: float) -> tuple[str, Json]:
        """The next step: what is done, and what it is about. A message to each page comes first."""
        if number < len(ACCOUNTS):
            return self._speak(number, at, ACCOUNTS[number], post=None)
        ripe = [said for since, said in self._written if since <= at - _RIPE_S][-_RECENT:]
        comments = [said for said in ripe if said["post"] is not None]
        drawn = self._dice.choices([*_DRAWS], [*_DRAWS.values()])[0]
        if drawn == "reply" and ripe:
            return self._reply(number, at, self._dice.choice(ripe))
        if drawn == "act" and comments:
            return self._act(self._dice.choice(comments))
        if drawn in ("retry", "edit", "delete") and (changed := self._change(number, at, drawn)):
            return changed
        account = self._dice.choice(ACCOUNTS)
        commented = account.channel == "facebook" and self._dice.random() < 0.5
        post = self._dice.choice(_POSTS) if commented else None
        return self._speak(number, at, account, post=post)

    def _speak(
        self, number: int, at: float, account: Account, *, post: str | None
    ) -> tuple[str, Json]:
        customer = f"65{self._dice.randrange(_CUSTOMERS):04d}"
        said = {"name": f"s{number}", "page": account.page, "customer": customer, "post": post}
        self._written.append((at, said))
        return "speak", said

    def _reply(self, number: int, at: float, said: Json) -> tuple[str, Json]:
        name, dice = said["name"], self._dice
        private = said["post"] is not None and name not in self._private and dice.random() < 0.3
        if private:
            self._private.add(name)
        self._replied.append((at, f"r{number}"))
        if said["post"] is not None and not private:
            self._below.append((at, f"r{number}"))
        file = not private and dice.random() < _WITH_A_FILE
        return "reply", {
            "name": f"r{number}",
            "file": file,
            "about": name,
            "by": dice.choice((*MANAGERS, *MANAGERS, *AGENTS)),
            "private": private,
            "count": 1 if private else dice.choices((1, 2, 3), (6, 2, 1))[0],
            "twice": not file and dice.random() < 0.25,
        }

    def _change(self, number: int, at: float, what: str) -> tuple[str, Json] | None:
        """Something is done with an earlier reply: it is sent again, if it failed or nobody can
        tell; or, of a comment, edited or deleted. What was edited once is not deleted: the two
        could be done in another order than they are drawn in."""
        known = self._replied if what == "retry" else self._below
        ripe = [name for since, name in known if since <= at - _RIPE_S][-_RECENT:]
        if what == "delete":
            ripe = [name for name in ripe if name not in self._edited]
        if not ripe:
            return None
        about = self._dice.choice(ripe)
        if what == "delete":
            self._below = [each for each in self._below if each[1] != about]
        if what == "edit":
            self._edited.add(about)
        by = self._dice.choice(MANAGERS)
        return what, {"name": f"{what}{number}", "about": about, "by": by}

    def _act(self, said: Json) -> tuple[str, Json]:
        return "act", {
            "about": said["name"],
            "by": self._dice.choice(MANAGERS),
            "field": self._dice.choice(_FIELDS),
            "on": self._dice.random() < 0.6,
        }
