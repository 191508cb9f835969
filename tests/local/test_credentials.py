from pathlib import Path

from cryptography.fernet import Fernet

from tuyen_local import credentials
from tuyen_local.settings import Settings


def settings(**given: str) -> Settings:
    return Settings.model_validate(given)


def test_the_next_start_uses_the_same_secrets(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = credentials.load(path, settings())
    assert credentials.load(path, settings()) == first
    keys = {first.jwt_key, first.secrets_key, first.operator_token}
    assert len(keys | set(first.agent_passwords.values())) == 6
    Fernet(first.secrets_key)
    assert first.facebook_app_id.isdecimal()
    assert first.zalo_app_id.isdecimal()


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
