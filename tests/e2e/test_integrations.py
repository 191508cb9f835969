"""The page about integrations, `docs/integrations.md`, against the whole stack."""

from pathlib import Path

from support.shop import Shop
from support.walkthrough import read_steps, walk

PAGE = Path(__file__).parents[2] / "docs/integrations.md"
WITHIN_S = 60.0


async def test_c7_c12_c2_the_page_about_integrations_does_what_it_says(
    shop: Shop, tmp_path: Path
) -> None:
    variables = {"GATEWAY": str(shop.gateway.base_url), "TOKEN": shop.admin.token}
    await walk(read_steps(PAGE.read_text(encoding="utf-8")), variables, tmp_path, WITHIN_S)
