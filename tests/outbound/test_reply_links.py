"""L5: the files of replies, for a site's own chat."""

from pydantic import SecretStr

from outbound.asking import SHOP, picture, request
from outbound.rig import Process, World, until
from tuyen_outbound.reply_links import ReplyLinks
from tuyen_platform.file_links import FileLinks, LinkedFile

LINKS = FileLinks(SecretStr("key"))


def test_l5_each_file_has_an_address_that_stays_the_same() -> None:
    links = ReplyLinks(LINKS, "https://inbox.example/")
    asked = request(attachments=(picture("a"), picture("b")))
    found = links.make_links(asked, asked.attachments)
    assert found == links.make_links(asked, asked.attachments)
    assert set(found) == {"att_a", "att_b"}
    base, _, link = found["att_a"].rpartition("/")
    assert base == "https://inbox.example/livechat/files"
    assert LINKS.read(link, asked.at) == LinkedFile(SHOP, picture("a").id)


async def test_l5_a_call_has_the_addresses_of_its_files() -> None:
    world = World()
    world.files[picture().id] = b"png"
    await world.ask(request("1", attachments=(picture(),)))

    async def has_called() -> bool:
        return any(call.links for call in world.calls)

    async with Process(world):
        await until(has_called)
    (links,) = (call.links for call in world.calls if call.links)
    assert links[picture().id].startswith("https://inbox.example/livechat/files/")
