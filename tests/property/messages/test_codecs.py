"""decode(encode(x)) = x for every kind, in both formats."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from libs.messages.base import Meta
from libs.messages.codes import tables
from libs.messages.examples import messages
from libs.messages.kinds import amounts
from libs.messages.kinds.agreement import SpecialTerm
from libs.messages.kinds.booking import BookingForm, SubmitBooking
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.partners import JSON, XML
from libs.messages.registry import KINDS, kind_of
from libs.messages.samples import USCC, a_booking, a_proposal

START, END = datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2100-01-01")
FORMATS = pytest.mark.parametrize("content_type", [XML, JSON])
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=100,
).filter(str.strip)
LONG_TEXTS = st.text(st.sampled_from("中文 abc<>&\"'\n\t]]>😀"), min_size=1, max_size=400).filter(
    str.strip
)
MONEY = st.decimals(Decimal("0.01"), Decimal("9999999999999999.99"), places=2)
SECTIONS = st.sampled_from(list(tables.HS_SECTION.rows))
COVERS = st.sampled_from(list(tables.COVER.rows))
METAS = st.fixed_dictionaries(
    {
        "message_id": st.uuids(),
        "document_id": st.from_regex(r"[0-9A-Z][0-9A-Za-z._-]{0,59}", fullmatch=True),
        "sender": st.just(USCC),
        "created_at": st.datetimes(min_value=START, max_value=END, timezones=st.just(UTC)),
        "in_reply_to": st.none() | st.uuids(),
    }
).map(lambda fields: Meta(**fields))
TERMS = st.fixed_dictionaries({"name": TEXTS, "content": LONG_TEXTS}).map(
    lambda fields: SpecialTerm(**fields)
)


@st.composite
def bookings(draw: st.DrawFn) -> SubmitBooking:
    fields = a_booking().model_dump() | {
        "contact_name": draw(TEXTS.map(lambda text: text.strip()[:50])),
        "address": draw(st.none() | TEXTS),
        "remark": draw(st.none() | LONG_TEXTS),
        "annual_value": draw(MONEY),
        "max_per_conveyance": draw(st.none() | MONEY),
        "annual_shipments": draw(st.none() | st.integers(1, 10**8)),
        "main_goods": draw(st.lists(SECTIONS, min_size=1, max_size=21, unique=True)),
        "wanted_cover": draw(st.lists(COVERS, max_size=5, unique=True)),
    }
    return SubmitBooking(meta=draw(METAS), form=BookingForm(**fields))


@st.composite
def proposals(draw: st.DrawFn) -> SubmitCargoProposal:
    form = a_proposal(date(2026, 11, 23))
    invoice = draw(st.decimals(Decimal("0.01"), Decimal("99999999999.99"), places=2))
    markup = draw(st.decimals(0, 100, places=2))
    insured = max(amounts.sum_insured(invoice, markup), Decimal("0.01"))
    insurance = form.insurance.model_copy(
        update={"invoice_amount": invoice, "markup": markup, "sum_insured": insured}
    )
    update = {"insurance": insurance, "special_terms": tuple(draw(st.lists(TERMS, max_size=4)))}
    return SubmitCargoProposal(meta=draw(METAS), form=form.model_copy(update=update))


@FORMATS
@given(message=bookings() | proposals())
@settings(deadline=None, max_examples=60)
def test_what_is_encoded_decodes_to_the_same(
    content_type: str, message: SubmitBooking | SubmitCargoProposal
) -> None:
    codec = kind_of(type(message)).codec
    assert codec.decode(codec.encode(message, content_type), content_type) == message


@FORMATS
def test_every_kind_decodes_to_what_was_encoded(content_type: str) -> None:
    seen = set()
    for message in messages():
        codec = kind_of(type(message)).codec
        assert codec.decode(codec.encode(message, content_type), content_type) == message
        seen.add(type(message).__name__)
    assert seen == {kind.name for kind in KINDS.values()}


@given(message=bookings())
@settings(deadline=None, max_examples=30)
def test_canonical_xml_decodes_the_same(message: SubmitBooking) -> None:
    codec = kind_of(SubmitBooking).codec
    root = etree.fromstring(codec.encode(message, XML))
    canonical = etree.tostring(root, method="c14n", exclusive=True)
    assert codec.decode(canonical, XML) == message
