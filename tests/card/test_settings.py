"""Settings: what is documented is what there is; what is wrong is named."""

from pathlib import Path

import pytest

from card_signer.settings import PREFIX, Settings, WrongSettings, load

README = Path(__file__).parents[2] / "card-signer" / "README.md"


def documented() -> dict[str, tuple[str, str]]:
    """Name → default, description: the rows of the table below its head."""
    lines = README.read_text("utf-8").splitlines()
    start = lines.index("| setting | default | what it is |") + 2
    rows = {}
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        name, default, told = (cell.strip() for cell in line.strip("|").split("|"))
        rows[name.strip("`")] = (default, told)
    return rows


def test_every_setting_is_documented_as_it_is() -> None:
    there = {}
    for name, field in Settings.model_fields.items():
        default = "of the system" if name == "state" else _told(field.default)
        there[name] = (default, field.description)
    assert documented() == there


def _told(default: object) -> str:
    if default is None or default == frozenset():
        return "–"
    return str(default).lower() if isinstance(default, bool) else f"{default}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("origins", '["trade.example"]'),
        ("origins", '["https://trade.example/"]'),
        ("origins", '["https://*.example"]'),
        ("port", "70000"),
        ("consent", "nobody"),
        ("answer_seconds", "-7.5"),
        ("a_minute", "-3"),
        ("revocations", "/lists"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), value)
    with pytest.raises(WrongSettings) as wrong:
        load()
    assert name in str(wrong.value)
    assert value not in str(wrong.value)


def test_an_unknown_setting_of_the_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "card-signer.toml"
    path.write_text('orgins = ["https://trade.example"]')
    monkeypatch.setattr("card_signer.settings.FILE", path)
    with pytest.raises(WrongSettings, match="orgins"):
        load()
