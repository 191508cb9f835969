"""The tour, `docs/tour.md`, as a reader takes it: every command of it, against the whole stack."""

from pathlib import Path

from support.walkthrough import read_steps, walk
from tuyen_local import organization
from tuyen_local.stack import DOUBLES, Stack

TOUR = Path(__file__).parents[2] / "docs/tour.md"
WITHIN_S = 300.0


async def test_p1_p5_p5b_i6_i8_i10_i11_l4_r6_5_r7_3_c2_c8_w4_s3_the_tour_does_what_it_says(
    stack: Stack, tmp_path: Path
) -> None:
    await organization.bootstrap(stack.gateway_url, stack.settings, stack.secrets)
    variables = {
        "GATEWAY": stack.gateway_url,
        "INGEST": stack.ingest_url,
        "DOUBLES": stack.url(DOUBLES),
        "SECRETS": str(stack.data_dir / "secrets.json"),
    }
    await walk(read_steps(TOUR.read_text(encoding="utf-8")), variables, tmp_path, WITHIN_S)
