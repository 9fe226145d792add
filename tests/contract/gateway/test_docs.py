"""docs/integration says what is: examples are fresh and valid, tables are those of the code."""

import re
from pathlib import Path

import pytest
from lxml import etree

from libs.messages.errors import REASONS
from libs.messages.partners import XML
from libs.messages.topics import TOPICS
from services.gateway.iso20022.examples import examples, main
from services.gateway.iso20022.kinds import BANK_KINDS
from services.gateway.iso20022.models import MandateReport, StatusReport
from services.gateway.iso20022.reasons import RJ_NAMES, RJ_OF_ISO
from services.gateway.iso20022.xml import load_schema

FOLDER = Path("docs/integration")
EXAMPLES = dict(examples())
EACH = pytest.mark.parametrize("name", EXAMPLES)


def message_type(name: str) -> str:
    return name.rsplit(".", 2)[0]


@EACH
def test_an_example_is_fresh(name: str) -> None:
    told = "run `python -m services.gateway.iso20022.examples docs/integration/examples`"
    assert (FOLDER / "examples" / name).read_bytes() == EXAMPLES[name], told


@EACH
def test_an_example_is_valid(name: str) -> None:
    load_schema(message_type(name)).assertValid(etree.fromstring(EXAMPLES[name]))


def test_there_is_an_example_of_every_message_and_none_besides() -> None:
    assert {f"iso20022.{message_type(name)}" for name in EXAMPLES} == set(BANK_KINDS)
    assert {path.name for path in (FOLDER / "examples").iterdir()} == set(EXAMPLES)


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n.startswith(("pain.012", "pain.002"))])
def test_the_gateway_reads_the_examples_of_answers(name: str) -> None:
    kind = BANK_KINDS[f"iso20022.{message_type(name)}"]
    message = kind.codec.decode(EXAMPLES[name], XML)
    assert isinstance(message, MandateReport | StatusReport)
    assert message.meta.sender == "ICBC"


def test_examples_are_written_on_request(tmp_path: Path) -> None:
    assert main([str(tmp_path / "new")]) == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(EXAMPLES)
    assert main([]) == 2


def text(page: str) -> str:
    return (FOLDER / page).read_text(encoding="utf-8")


def test_the_banks_page_has_every_reason() -> None:
    page = text("banks.md")
    assert all(f"| `{iso}` | {code} {RJ_NAMES[code]} |" in page for iso, code in RJ_OF_ISO.items())


def test_the_pages_name_every_partner_kind() -> None:
    pages = text("banks.md") + text("insurers.md")
    kinds = set().union(*(row.kinds for name, row in TOPICS.items() if name.startswith("partner.")))
    names = {kind.removeprefix("cn.tongbao.").removesuffix(".v1") for kind in kinds}
    assert not [name for name in names if f"`{name}`" not in pages]


def test_every_reason_for_a_dead_letter_is_explained() -> None:
    page = text("README.md")
    assert all(f"`{reason}`" in page for reason in REASONS)


def test_every_link_leads_somewhere() -> None:
    for page in FOLDER.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (FOLDER / target).exists(), f"{page.name}: {target}"
