"""`python -m tuyen_router`: one worker."""

from tuyen_platform.logging import configure_logging
from tuyen_platform.process import run
from tuyen_router import bootstrap
from tuyen_router.settings import RouterSettings


def main() -> None:
    """Reads the settings from the environment and runs until a signal."""
    settings = RouterSettings()
    configure_logging("router", settings.log_format)
    run(lambda stopping: bootstrap.run(settings, stopping))


if __name__ == "__main__":
    main()
