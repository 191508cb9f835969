"""P6: a client that calls for several organizations keeps nothing of one for another."""

import httpx

from tuyen_platform.no_cookies import make_empty_jar


async def test_p6_what_an_answer_sets_is_sent_with_no_later_call() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, headers={"Set-Cookie": "page=1; Path=/"})

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, cookies=make_empty_jar()) as client:
        for _ in range(2):
            await client.get("https://graph.example/me")
    assert len(seen) == 2
    assert "cookie" not in seen[1]
