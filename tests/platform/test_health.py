from httpx import ASGITransport, AsyncClient
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette

from tuyen_platform.health import Health
from tuyen_platform.metrics import DEAD_LETTERS_TOTAL


class Trouble:
    """A check whose answer the test decides."""

    def __init__(self, problem: str | None = None) -> None:
        self.problem = problem

    def __call__(self) -> str | None:
        return self.problem


def client_of(health: Health) -> AsyncClient:
    """The second port."""
    return AsyncClient(
        transport=ASGITransport(health.build_internal_app()), base_url="http://service"
    )


def public_client_of(health: Health) -> AsyncClient:
    app = Starlette(routes=health.routes())
    return AsyncClient(transport=ASGITransport(app), base_url="http://service")


async def test_o6_a_service_without_problems_is_live_and_ready() -> None:
    health = Health()
    health.live_when("consumer", Trouble())
    health.ready_when("log", Trouble())
    for path in ("/livez", "/readyz"):
        answer = await client_of(health).get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_o6_a_service_that_is_not_ready_stays_live_and_says_what_is_wrong() -> None:
    health = Health()
    health.live_when("consumer", Trouble())
    health.ready_when("log", Trouble("does not answer"))
    health.ready_when("views", Trouble("not caught up"))
    client = client_of(health)
    assert (await client.get("/livez")).status_code == 200
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {
            "status": "unavailable",
            "problems": {"log": "does not answer", "views": "not caught up"},
        },
    )


async def test_r7_2_the_public_port_says_yes_or_no_and_nothing_else() -> None:
    health = Health()
    trouble = Trouble("mongodb://10.0.0.7 does not answer")
    health.ready_when("views", trouble)
    client = public_client_of(health)
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})
    assert (await client.get("/livez")).json() == {"status": "ok"}
    assert (await client.get("/metrics")).status_code == 404
    trouble.problem = None
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_service_that_must_be_restarted_is_not_ready_either() -> None:
    health = Health()
    health.live_when("consumer", Trouble("no progress for 60 s"))
    client = client_of(health)
    for path in ("/livez", "/readyz"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert answer.json()["problems"] == {"consumer": "no progress for 60 s"}


async def test_a_live_and_a_ready_check_of_one_name_are_both_reported() -> None:
    health = Health()
    live, ready = Trouble("stopped"), Trouble()
    health.live_when("consumer", live)
    health.ready_when("consumer", ready)
    client = client_of(health)
    assert (await client.get("/readyz")).json()["problems"] == {"consumer": "stopped"}
    ready.problem = "rebalancing"
    assert (await client.get("/readyz")).json()["problems"] == {"consumer": "stopped; rebalancing"}


async def test_checks_are_asked_at_every_call() -> None:
    health = Health()
    trouble = Trouble("starting")
    health.ready_when("log", trouble)
    client = client_of(health)
    assert (await client.get("/readyz")).status_code == 503
    trouble.problem = None
    assert (await client.get("/readyz")).status_code == 200


async def test_o6_metrics_are_in_the_format_of_prometheus() -> None:
    DEAD_LETTERS_TOTAL.labels(service="health").inc()
    answer = await client_of(Health()).get("/metrics")
    assert answer.headers["content-type"] == CONTENT_TYPE_LATEST
    assert 'tuyen_dead_letters_total{service="health"} 1.0' in answer.text
