"""A shop's evening: what customers say, and what must come of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tuyen_events.vocabulary import ConversationKind
from tuyen_local.demo.screen import Screen, ScreenRow
from tuyen_local.demo.shop import DemoConversation, NotAsExpected, Shop
from tuyen_local.demo.tally import Tally
from tuyen_local.demo.webhooks import DemoCustomer, DemoPage
from tuyen_local.demo.why import STICKY, explain, join_names, name

_MESSAGE = ConversationKind.MESSAGE.value
_COMMENT = ConversationKind.COMMENT.value
_LIVE = ConversationKind.LIVESTREAM.value
_BURST = 12


@dataclass(frozen=True, slots=True)
class Said:
    """A customer's words on their way. `external_id` is that of the conversation at Facebook."""

    customer: DemoCustomer
    text: str
    kind: str
    external_id: str
    message_id: str
    body: bytes

    @property
    def shown(self) -> str:
        return f"{self.customer.name}: “{self.text}”"


@dataclass(slots=True)
class Evening:
    """One run of the demo.

    `run` makes its ids different from those of every other run; `now_ms` is the time in
    milliseconds; `pace` is awaited after each row, so that people can read along.
    """

    shop: Shop
    screen: Screen
    page_id: str
    admin: str
    agents: Sequence[str]
    run: int
    now_ms: Callable[[], int]
    pace: Callable[[], Awaitable[None]]
    tally: Tally = field(init=False)
    _present: list[str] = field(default_factory=list)
    _lease_ms: float = 0
    _renewed_ms: int = 0
    _conversations: dict[tuple[str, str], DemoConversation] = field(default_factory=dict)
    _sticky: dict[str, str] = field(default_factory=dict)
    """Who has a customer's messages and live comments, by the customer's id."""
    _ids: int = 0

    def __post_init__(self) -> None:
        self.tally = Tally(self.agents)
        self._renewed_ms = self.now_ms()

    async def play(self) -> None:
        """The whole of it. NotAsExpected when not what the rules promise happens."""
        self.screen.act(f"{join_names(self.agents)} come online")
        for agent in self.agents:
            self._lease_ms = 1000 * await self.shop.set_presence(agent, "online")
            await self.shop.await_presence(self.admin, agent, "online")
            self._present.append(agent)
            await self._note(f"{name(agent)} logs in", "", name(agent), "is online (R8.1)")
        van, hung = self._customer("Vân"), self._customer("Hùng")
        await self._messages(van, hung)
        comments = await self._comments(van)
        await self._burst()
        await self._livestream(van)
        await self._leave(van, comments)
        await self._hand_over(hung)

    async def _messages(self, van: DemoCustomer, hung: DemoCustomer) -> None:
        self.screen.act("Messages: a new customer goes to the next agent, and stays with them")
        await self._message(van, "Shop ơi, áo khoác này còn size M không?")
        await self._message(hung, "Cho mình hỏi phí ship về Đà Nẵng")
        await self._message(van, "Còn màu be không ạ?")
        await self._message(self._customer("Thảo"), "Váy hoa nhí giá bao nhiêu vậy shop?")
        await self._message(self._customer("Quân"), "Mình muốn đổi giày sang size 42")
        await self._message(hung, "Bao lâu thì nhận được hàng?")
        await self._message(van, "Vậy cho mình đặt 1 cái nhé")

    async def _comments(self, van: DemoCustomer) -> list[Said]:
        """The root comments."""
        self.screen.act("Comments on a post: each goes to the next agent, whoever wrote it")
        post = self._post()
        ngoc, dung = self._customer("Ngọc"), self._customer("Dũng")
        roots = [
            await self._comment(ngoc, post, "Giá bao nhiêu shop?"),
            await self._comment(ngoc, post, "Có size XL không ạ?"),
            await self._comment(van, post, "Mẫu này đẹp quá, còn hàng không?"),
            await self._comment(dung, post, "Ib mình với"),
        ]
        await self._reply(dung, roots[0], "Mình cũng muốn biết giá", "the root comment is theirs")
        return roots

    async def _burst(self) -> None:
        """Many comments in one webhook: the rotation is as exact as one by one (R2.1)."""
        post, page = self._post(), self._page()
        what = f"{_BURST} customers in one second: “Mình lấy 1 cái!”"
        said = [
            self._said_below(self._customer(f"Khách {number}"), post, "Mình lấy 1 cái!")
            for number in range(1, _BURST + 1)
        ]
        parts = [page.comment(one.customer, one.external_id, post, one.text) for one in said]
        self.screen.awaiting(what, _COMMENT)
        await self.shop.send(page.feed(parts))
        got: dict[str, int] = dict.fromkeys(self.agents, 0)
        for one in said:
            conversation = await self._await_arrival(one)
            agent = str(conversation.agent_id)
            record = await self.shop.last_assignment(self.admin, conversation)
            self.tally.add(agent, record.reason, record.candidates)
            got[agent] = got.get(agent, 0) + 1
        shares = ", ".join(f"{name(agent)} {count}" for agent, count in got.items())
        await self._note(what, _COMMENT, "each", f"{shares} (R2.1)", "rotation")

    async def _livestream(self, van: DemoCustomer) -> None:
        self.screen.act("A sale on a livestream: live comments stick, and share with messages")
        title, post, video = "LIVE 20h: xả hàng cuối mùa", self._post(), self._id()
        page = self._page()
        await self.shop.send(page.feed([page.video(post, video, title)]))
        await self.shop.send(page.feed([page.live_video(video, "live")]))
        await self._note(f"Shop: “{title}”", _LIVE, "", "the page goes live")
        mai = self._customer("Mai")
        await self._live_comment(mai, post, "Chốt M01 size L")
        await self._live_comment(mai, post, "Thêm M02 nữa shop")
        await self._message(mai, "Mình vừa chốt M01, M02 trên live nhé", "has her live comments")
        await self._live_comment(van, post, "Chốt M05 màu be", "has her messages")
        await self.shop.send(page.feed([page.live_video(video, "live_stopped")]))

    async def _leave(self, van: DemoCustomer, comments: Sequence[Said]) -> None:
        gone = self._sticky[van.external_id]
        self.screen.act(f"{name(gone)} logs out (the setting auto_reassign is on)")
        await self.shop.set_presence(gone, "offline")
        await self.shop.await_presence(self.admin, gone, "offline")
        self._present.remove(gone)
        thread = self._conversations[_MESSAGE, van.external_id]
        if await self.shop.assignee(self.admin, thread) != gone:
            raise NotAsExpected(f"{van.name} left {name(gone)} although nobody wrote anything")
        stays = f"{van.name} stays theirs: this by itself moves nothing (R3.3)"
        await self._note(f"{name(gone)} logs out", "", name(gone), stays)
        await self._comment(self._customer("Linh"), self._post(), "Còn hàng không shop ơi?")
        await self._message(van, "Giao giúp mình trước thứ 7 nhé", leaves=gone)
        await self._message(van, "Cảm ơn shop")
        for root in comments:
            if self._find_conversation(root).agent_id == gone:
                kept = "keeps the comment, although logged out"
                await self._reply(root.customer, root, "Shop trả lời mình với", kept, "R4.2")
                break

    async def _hand_over(self, hung: DemoCustomer) -> None:
        self.screen.act("A manager hands a customer over")
        before = self._conversations[_MESSAGE, hung.external_id]
        heir = next(agent for agent in self._present if agent != before.agent_id)
        what = f"{self.admin} gives {hung.name} to {name(heir)}"
        self.screen.awaiting(what, _MESSAGE)
        version = await self.shop.assign(self.admin, before, heir, "quen khách này")
        after = DemoConversation(before.id, heir, version)
        record = await self.shop.last_assignment(self.admin, after)
        self._sticky[hung.external_id] = heir
        self.tally.add(heir, record.reason)
        await self._note(what, _MESSAGE, name(heir), explain(record), record.reason)
        await self._message(hung, "Mình chuyển khoản rồi nhé", "given manually sticks too", "R3.5")

    async def _message(
        self,
        customer: DemoCustomer,
        text: str,
        because: str = "has this customer",
        rule: str = "R3.2",
        leaves: str | None = None,
    ) -> None:
        """`leaves`: the agent who must not have the customer any more."""
        mid = self._id("m_demo-")
        body = self._page().message(customer, mid, text)
        said = Said(customer, text, _MESSAGE, customer.external_id, mid, body)
        await self._follows(said, because, rule, leaves)

    async def _live_comment(
        self, customer: DemoCustomer, post: str, text: str, because: str = "has this customer"
    ) -> None:
        comment, page = self._comment_id(post), self._page()
        body = page.feed([page.comment(customer, comment, post, text)])
        said = Said(customer, text, _LIVE, customer.external_id, comment, body)
        await self._follows(said, because, "R3.2")

    async def _comment(self, customer: DemoCustomer, post: str, text: str) -> Said:
        said = self._said_below(customer, post, text)
        await self._tell(said)
        return said

    async def _reply(
        self, customer: DemoCustomer, root: Said, text: str, because: str, rule: str = "R4.3"
    ) -> None:
        post = f"{self.page_id}_{root.external_id.partition('_')[0]}"
        comment, page = self._comment_id(post), self._page()
        body = page.feed([page.comment(customer, comment, post, text, root.external_id)])
        said = Said(customer, text, _COMMENT, root.external_id, comment, body)
        await self._tell(said, self._find_conversation(root).agent_id, f"{because} ({rule})")

    async def _follows(
        self, said: Said, because: str, rule: str, leaves: str | None = None
    ) -> None:
        """Something that sticks to the customer's agent."""
        customer = said.customer.external_id
        owner = None if leaves else self._sticky.get(customer)
        self._sticky[customer] = await self._tell(said, owner, f"{because} ({rule})", leaves)

    async def _tell(
        self, said: Said, owner: str | None = None, because: str = "", leaves: str | None = None
    ) -> str:
        """Sends it and shows who got it; that must be `owner`, if somebody has it already."""
        self.screen.awaiting(said.shown, said.kind)
        await self.shop.send(said.body)
        conversation = await self._await_arrival(said, leaves)
        agent = str(conversation.agent_id)
        if owner is None:
            record = await self.shop.last_assignment(self.admin, conversation)
            self.tally.add(agent, record.reason, record.candidates)
            await self._note(said.shown, said.kind, name(agent), explain(record), record.reason)
        elif agent == owner:
            self.tally.add(agent, STICKY)
            await self._note(said.shown, said.kind, name(agent), because, STICKY)
        else:
            raise NotAsExpected(f"{said.shown} went to {name(agent)}, and {name(owner)} had it")
        return agent

    async def _await_arrival(self, said: Said, leaves: str | None = None) -> DemoConversation:
        """The conversation once it shows these words and has an agent, other than `leaves`."""
        expected = f"{said.shown} stands in no inbox with an agent"
        if leaves is not None:
            expected = f"{said.shown} is still with {name(leaves)}, who has logged out"
        conversation = await self.shop.conversation(
            self.admin,
            kind=said.kind,
            external_id=said.external_id,
            message=said.message_id,
            wanted=lambda found: found.agent_id not in (None, leaves),
            expected=expected,
        )
        self._conversations[said.kind, said.external_id] = conversation
        return conversation

    def _find_conversation(self, said: Said) -> DemoConversation:
        return self._conversations[said.kind, said.external_id]

    async def _note(self, what: str, kind: str, who: str, explain: str, reason: str = "") -> None:
        self.screen.show_settled(ScreenRow(what, kind, who, reason, explain))
        await self.pace()
        if self.now_ms() - self._renewed_ms > self._lease_ms / 3:
            self._renewed_ms = self.now_ms()
            for agent in self._present:
                await self.shop.heartbeat(agent)

    def _said_below(self, customer: DemoCustomer, post: str, text: str) -> Said:
        """A new root comment."""
        comment, page = self._comment_id(post), self._page()
        body = page.feed([page.comment(customer, comment, post, text)])
        return Said(customer, text, _COMMENT, comment, comment, body)

    def _page(self) -> DemoPage:
        return DemoPage(self.page_id, self.now_ms())

    def _customer(self, called: str) -> DemoCustomer:
        return DemoCustomer(self._id("67"), called)

    def _post(self) -> str:
        return self._id(f"{self.page_id}_")

    def _comment_id(self, post: str) -> str:
        """Facebook's comments begin with the number of their post."""
        return self._id(f"{post.rpartition('_')[2]}_")

    def _id(self, before: str = "") -> str:
        self._ids += 1
        return f"{before}{self.run}{self._ids:04}"
