from pathlib import Path

from tuyen_local import credentials
from tuyen_local.settings import Settings


def settings(**given: str) -> Settings:
    return Settings.model_validate(given)


def test_the_next_start_goes_on_with_the_same_secrets(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = credentials.load(path, settings())
    assert credentials.load(path, settings()) == first
    assert len({first.jwt_key, first.operator_token, *first.agent_passwords.values()}) == 5


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    for _ in range(2):
        secrets = credentials.load(path, settings())
        assert path.stat().st_mode & 0o777 == 0o600
    assert secrets.jwt_key not in repr(secrets)


def test_a_given_secret_wins_and_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    credentials.load(path, settings())
    given = credentials.load(path, settings(bootstrap_password="tet-2027"))
    assert given.bootstrap_password == "tet-2027"
    assert credentials.load(path, settings()).bootstrap_password == "tet-2027"
