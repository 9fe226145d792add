"""Settings: what is missing or wrong is told at once, by name, without values."""

from pathlib import Path

import pytest

from libs.service.settings import ServiceSettings, WrongSettings, load_settings


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("key", "cert", "ca"):
        (tmp_path / name).touch()
    for key, value in {
        "DATABASE_URL": "postgresql://policy:S3cret@127.0.0.1/tongbao",
        "KAFKA_BOOTSTRAP": "127.0.0.1:9092,other:9092",
        "KEY_FILE": str(tmp_path / "key"),
        "CERT_FILE": str(tmp_path / "cert"),
        "TRUST_CA": str(tmp_path / "ca"),
        "HTTP_PORT": "8080",
    }.items():
        monkeypatch.setenv(f"POLICY_{key}", value)
    return monkeypatch


def wrong() -> str:
    with pytest.raises(WrongSettings) as caught:
        load_settings(ServiceSettings, "policy")
    return str(caught.value)


def test_they_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("POLICY_BATCH_RECORDS_MAX", "7")
    settings = load_settings(ServiceSettings, "policy")
    assert settings.batch_records_max == 7
    assert settings.http_port == 8080
    assert "S3cret" not in repr(settings)


def test_another_services_settings_are_not_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("BOOKING_BATCH_RECORDS_MAX", "many")
    assert load_settings(ServiceSettings, "policy").batch_records_max == 2000


def test_a_missing_one_is_named_with_what_would_be_right(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("POLICY_DATABASE_URL")
    told = wrong()
    assert "POLICY_DATABASE_URL: is not set; should be: postgresql://login" in told


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DATABASE_URL", "mysql://policy:S3cret@host/db"),
        ("KAFKA_BOOTSTRAP", "no-port"),
        ("KEY_FILE", "/nowhere/key.pem"),
        ("HTTP_PORT", "99999"),
        ("KAFKA_SECURITY", "TLS"),
        ("BATCH_RECORDS_MAX", "0"),
    ],
)
def test_a_wrong_one_is_named(environment: pytest.MonkeyPatch, key: str, value: str) -> None:
    environment.setenv(f"POLICY_{key}", value)
    told = wrong()
    assert f"POLICY_{key}: " in told
    assert "; should be: " in told
    assert "S3cret" not in told


def test_all_that_is_wrong_is_told_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("POLICY_TRUST_CA")
    environment.setenv("POLICY_HTTP_PORT", "none")
    told = wrong()
    assert "POLICY_TRUST_CA: " in told
    assert "POLICY_HTTP_PORT: " in told


def test_a_login_that_kafka_needs_is_asked_for(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("POLICY_KAFKA_SECURITY", "SASL_SSL")
    assert "KAFKA_SASL_USERNAME" in wrong()
