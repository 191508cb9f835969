"""L5: a name that leads inside the operator's network leads nowhere."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from tuyen_platform.admitted_networks import AdmittedNetworks
from tuyen_platform.guarded_names import AddressRefusedError, GuardedNames, LookUp, look_up_all

PUBLIC = "93.184.215.14"
Open = Callable[[LookUp], GuardedNames]


@pytest.fixture
def open_names() -> Iterator[Open]:
    opened: list[GuardedNames] = []

    def open_(look_up: LookUp) -> GuardedNames:
        opened.append(GuardedNames(AdmittedNetworks(), look_up))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


async def test_l5_all_addresses_of_a_name_are_returned_if_each_is_admitted(
    open_names: Open,
) -> None:
    names = open_names(lambda _host, _port: [PUBLIC, "2606:2800:21f:cb07::1"])
    assert await names.find_addresses("a.example", 443) == [PUBLIC, "2606:2800:21f:cb07::1"]


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"])
async def test_l5_one_address_inside_refuses_the_name(open_names: Open, inside: str) -> None:
    names = open_names(lambda _host, _port: [PUBLIC, inside])
    with pytest.raises(AddressRefusedError):
        await names.find_addresses("a.example", 443)
    assert await names.find_addresses("a.example", 443, trusted=True) == [PUBLIC, inside]


async def test_an_address_is_a_name_of_itself(open_names: Open) -> None:
    names = open_names(look_up_all)
    assert await names.find_addresses(PUBLIC, 443) == [PUBLIC]
    with pytest.raises(AddressRefusedError):
        await names.find_addresses("127.0.0.1", 443)


@pytest.mark.parametrize("fails", [OSError("no such name"), UnicodeError("too long"), None])
async def test_a_name_without_an_address_is_an_error_of_the_system(
    open_names: Open, fails: Exception | None
) -> None:
    def look_up(_host: str, _port: int) -> Sequence[str]:
        if fails is not None:
            raise fails
        return []

    with pytest.raises(OSError, match=r"name"):
        await open_names(look_up).find_addresses("shop.invalid", 80)


async def test_r9_5_names_that_nobody_answers_for_hold_back_no_other_lookups(
    open_names: Open,
) -> None:
    """A name server that does not answer occupies one thread for each name, and none of those in
    which the names of the channels are looked up."""
    released, asked = threading.Event(), list[str]()

    def look_up(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        if host.startswith("silent"):
            released.wait(20)
        return [PUBLIC]

    names = open_names(look_up)

    async def find(host: str) -> Sequence[str]:
        async with asyncio.timeout(0.2):
            return await names.find_addresses(host, 80)

    silent = [find(f"silent{number % 4}.example") for number in range(40)]
    try:
        results = await asyncio.gather(*silent, return_exceptions=True)
        assert {type(result) for result in results} == {TimeoutError}
        assert len(asked) == 4
        async with asyncio.timeout(5):
            await asyncio.get_running_loop().run_in_executor(None, int)
            assert await names.find_addresses("shop.example", 80) == [PUBLIC]
    finally:
        released.set()
