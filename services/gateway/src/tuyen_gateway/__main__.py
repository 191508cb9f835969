"""`python -m tuyen_gateway`: one gateway."""

from tuyen_gateway import bootstrap
from tuyen_gateway.settings import GatewaySettings
from tuyen_platform.logging import configure_logging
from tuyen_platform.process import run


def main() -> None:
    """Reads the settings from the environment and runs until a signal."""
    settings = GatewaySettings()
    configure_logging("gateway", settings.log_format)
    run(lambda stopping: bootstrap.run(settings, stopping))


if __name__ == "__main__":
    main()
