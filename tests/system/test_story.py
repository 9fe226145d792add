"""The story of the demo, on the whole system: twice, for it must not matter what was there."""

import io

import pytest
from pypdf import PdfReader
from rich.console import Console

from deploy.local.stack import LocalStack
from tongbao.demo.run import play

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def told(stack: LocalStack) -> str:
    output = io.StringIO()
    console = Console(file=output, width=200, highlight=False)
    assert play(stack, console), output.getvalue()
    assert play(stack, console), output.getvalue()
    return output.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        "pain.009.001.05",
        "pain.012.001.05",
        "pain.008.001.07",
        "pain.002.001.08",
        "⇒ 签约成功",
        "⇒ 预约成功",
        "⇒ 已出单未缴费",
        "⇒ 保单生效",
        "⇒ 拒保",
        "RJ03 余额不足",
        "✓ XMLDSig ecdsa-p256-sha256",
        "✓ XMLDSig rsa-sha256",
        "✓ JWS rsa-sha256",
    ],
)
def test_the_story_tells(told: str, words: str) -> None:
    assert words in told


def test_the_electronic_policy_is_a_chinese_page(told: str, stack: LocalStack) -> None:
    policies = sorted((stack.home.root / "e-policies").glob("*.pdf"))
    assert len(policies) == 4
    text = PdfReader(policies[0]).pages[0].extract_text()
    assert "保险单" in text.replace(" ", "")
