"""The page of a policy: what was signed, nothing else, made once."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from libs.messages.base import Cause
from libs.messages.kinds.proposal import CargoPolicyForm
from services.portal.e_policy import Page, Printer, digest_of, page_of, render
from services.portal.objects import Objects
from tests.support.events import MORNING, a_cause, a_policy_form


def a_page(form: CargoPolicyForm | None = None, cause: Cause | None = None) -> Page:
    form = form or a_policy_form("P1", "TB1")
    return page_of(form, cause or a_cause("CargoPolicyIssued", "PICC"), MORNING)


def text_of(pdf: bytes) -> str:
    pages = PdfReader(BytesIO(pdf)).pages
    return "".join(page.extract_text() for page in pages).replace("\u200b", "")


def test_the_page_says_number_parties_cover_sums_and_signer() -> None:
    cause = a_cause("CargoPolicyIssued", "PICC")
    text = text_of(render(a_page(cause=cause)))
    for said in ("P1", "货物运输保险单", "上海通达国际贸易有限公司", "一切险", "110,000.00"):
        assert said in text
    for said in ("人保财险（沙箱）（PICC）", str(cause.message_id), cause.digest, "09:00:00"):
        assert said in text


def test_what_a_company_wrote_is_text_and_never_instructions() -> None:
    hostile = '#panic("x") $x^2$ *bold* <label> @ref [#sys.inputs] \\ "quoted" // comment'
    form = a_policy_form("P1", "TB1").model_copy(update={"goods": hostile, "marks": hostile})
    text = text_of(render(a_page(form))).replace("\n", "").replace(" ", "")
    assert '#panic("x")$x^2$*bold*' in text


def test_long_texts_stay_on_pages() -> None:
    long = {"goods": "货" * 500, "marks": "M/" * 250, "route": "港" * 500, "insured": "公" * 100}
    form = a_policy_form("P1", "TB1").model_copy(update=long)
    pdf = render(a_page(form))
    assert text_of(pdf).replace("\n", "").count("货货") > 0
    assert len(PdfReader(BytesIO(pdf)).pages) <= 2


def test_another_word_is_another_digest() -> None:
    cause = a_cause("CargoPolicyIssued", "PICC")
    form = a_policy_form("P1", "TB1")
    page = a_page(form, cause)
    assert digest_of(page) == digest_of(a_page(form, cause))
    for changed in (
        a_page(form.model_copy(update={"goods": "其他货物"}), cause),
        a_page(form, a_cause("CargoPolicyIssued", "PICC")),
        page_of(form, cause, MORNING + timedelta(seconds=1)),
    ):
        assert digest_of(changed) != digest_of(page)


async def test_a_page_is_set_once_and_kept_by_its_digest(tmp_path: Path) -> None:
    objects = Objects.at(tmp_path.as_uri())
    page = a_page()
    name = f"e-policies/{digest_of(page)}.pdf"
    first = await Printer(objects).pdf(page)
    assert first.startswith(b"%PDF-")
    assert await objects.get(name) == first
    await objects.put(name, b"as kept")
    assert await Printer(objects).pdf(page) == b"as kept"
