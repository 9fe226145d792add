"""Full, valid documents for examples, tests, benchmarks and the demo."""

from datetime import date, timedelta
from decimal import Decimal

from libs.messages.codes.tables import PACKAGE
from libs.messages.kinds import amounts
from libs.messages.kinds.agreement import (
    AgreementCover,
    AgreementGoods,
    AgreementHeader,
    CargoAgreementForm,
)
from libs.messages.kinds.booking import BookingForm
from libs.messages.kinds.debit import DebitAgreementForm
from libs.messages.kinds.payment import PaymentItem
from libs.messages.kinds.proposal import PremiumQuote
from libs.messages.kinds.proposal_form import (
    CargoProposalForm,
    GoodsPart,
    HolderPart,
    InsurancePart,
    InsuredPart,
    InvoicePart,
    TransportPart,
)

COMPANY = "上海通达国际贸易有限公司"
USCC = "91310115MA1K4ABC05"
OTHER_COMPANY = "宁波海丰进出口有限公司"
OTHER_USCC = "91330201MA2AABCD1P"
ICBC_BANK_NO = "102100099996"
BANK_NUMBERS = {"ICBC": ICBC_BANK_NO, "BOC": "104100000004"}  # head offices
ACCOUNT = "6222021001116245702"
AGREEMENT_NO = "OC2026000001"
"""Accounts and companies here are made up; numbers carry right check digits."""


def a_booking(insurer: str = "PICC", *, name: str = COMPANY, uscc: str = USCC) -> BookingForm:
    """A booking with one insurer."""
    return BookingForm(
        ent_name=name,
        uscc=uscc,
        insurer_id=insurer,
        contact_name="李晓明",
        contact_phone="13800138000",
        contact_email="li.xiaoming@example.com",
        address="上海市浦东新区世纪大道100号",
        main_transport=("2", "5"),
        main_goods=("XI", "XVI"),
        main_routes="上海—汉堡、上海—鹿特丹",
        ie_type="IE",
        annual_shipments=240,
        annual_value=Decimal("120000000.00"),
        max_per_conveyance=Decimal("2500000.00"),
        wanted_cover=("CIC-AR", "WAR", "STRIKE"),
        remark="每周两船",
    )


def an_agreement(
    today: date,
    insurer: str = "PICC",
    *,
    name: str = COMPANY,
    uscc: str = USCC,
    agreement_no: str = AGREEMENT_NO,
) -> CargoAgreementForm:
    """An open cover in force for a year: textiles and machines taken, weapons refused."""
    return CargoAgreementForm(
        header=AgreementHeader(
            agreement_no=agreement_no,
            insurer=insurer,
            holder=name,
            holder_uscc=uscc,
            insured=(name,),
            product_code="EXPORT",
            effective_from=today,
            effective_to=today + timedelta(days=364),
            status="1",
            transport_modes=("2", "3", "4", "5", "6", "9"),
            limit_per_conveyance=Decimal("3000000.00"),
            annual_limit=Decimal("200000000.00"),
            markup_default=Decimal(10),
            markup_max=Decimal(30),
            min_premium=Decimal("3.00"),
            currency="CNY",
            territory="中国至世界各地",
            declare_before="起运前",
            cancellation_days=30,
            settlement="SINGLE",
        ),
        covers=(
            AgreementCover(code="CIC-AR", main=True, clause="CIC 2009", base_rate=Decimal("0.5")),
            AgreementCover(code="CIC-FPA", main=True, clause="CIC 2009", base_rate=Decimal("0.3")),
            AgreementCover(code="WAR", main=False, clause="CIC 2009", base_rate=Decimal("0.1")),
            AgreementCover(code="STRIKE", main=False, clause="CIC 2009", base_rate=Decimal(0)),
        ),
        goods=(
            _goods("XI", taken=True),
            _goods("XVI", taken=True),
            _goods("XX", taken=True),
            _goods("XIX", taken=False),
        ),
    )


def _goods(section: str, *, taken: bool) -> AgreementGoods:
    return AgreementGoods(
        section=section,
        condition="NEW",
        rate_min=Decimal("0.3"),
        rate_max=Decimal("1.0"),
        covered=taken,
    )


def a_proposal(
    today: date,
    insurer: str = "PICC",
    *,
    name: str = COMPANY,
    uscc: str = USCC,
    agreement_no: str = AGREEMENT_NO,
    invoice_amount: Decimal = Decimal("100000.00"),
) -> CargoProposalForm:
    """A full proposal, all eight groups: machines from Shanghai to Hamburg."""
    markup, rate = Decimal(10), Decimal("0.5")
    insured = amounts.sum_insured(invoice_amount, markup)
    return CargoProposalForm(
        holder=HolderPart(
            name=name,
            uscc=uscc,
            contact="李晓明",
            phone="13800138000",
            email="li.xiaoming@example.com",
            address="上海市浦东新区世纪大道100号",
            insurer=insurer,
            agreement_no=agreement_no,
        ),
        insured=InsuredPart(
            name=name,
            id_kind="USCC",
            id_number=uscc,
            contact="李晓明",
            phone="13800138000",
            address="上海市浦东新区世纪大道100号",
        ),
        goods=GoodsPart(
            section="XVI",
            chapter="84",
            pack_type="23",
            description="数控机床 2 台，木箱包装，毛重 3,200 千克",
            marks="TONGDA/HAMBURG/NO.1-2",
        ),
        invoice=InvoicePart(
            title=name, tax_no=uscc, email="finance@example.com", phone="021-58881234"
        ),
        transport=_route(today),
        insurance=InsurancePart(
            main_cover="CIC-AR",
            added_covers=("WAR", "STRIKE"),
            invoice_amount=invoice_amount,
            markup=markup,
            sum_insured=insured,
            rate=rate,
            premium=amounts.premium(insured, rate, Decimal("3.00")),
        ),
    )


def _route(today: date) -> TransportPart:
    return TransportPart(
        invoice_no="INV-2026-1123",
        bl_no="COSU6123456780",
        voyage_no="028W",
        vessel_name="COSCO SHIPPING ARIES",
        depart_date=today + timedelta(days=3),
        arrive_date=today + timedelta(days=35),
        from_country="CN",
        from_province="CN-SH",
        from_city="上海市",
        from_port="CNSHA",
        from_port_desc="上海港洋山四期码头",
        to_country="DE",
        to_port="DEHAM",
        to_port_desc="汉堡港",
        claim_payable_place="汉堡，按汇票币种",
    )


def a_debit_agreement(
    bank: str = "ICBC",
    insurer: str = "PICC",
    *,
    name: str = COMPANY,
    uscc: str = USCC,
    account: str = ACCOUNT,
) -> DebitAgreementForm:
    """A tripartite debit agreement."""
    return DebitAgreementForm(
        payer_bank_code=bank,
        payee_id=insurer,
        payer_name=name,
        payer_uscc=uscc,
        payer_tax_no=uscc,
        payer_acct=account,
        payer_acct_name=name,
        payer_open_bank_no=BANK_NUMBERS[bank],
        contact="王芳",
        phone="021-58881234",
        address="上海市浦东新区世纪大道100号",
        max_per_tx=Decimal("500000.00"),
        terms_accepted=True,
    )


def a_quote() -> PremiumQuote:
    """The quote for `a_proposal`."""
    return PremiumQuote(
        sum_insured=Decimal("110000.00"),
        currency="CNY",
        rate=Decimal("0.5"),
        premium=Decimal("55.00"),
    )


def a_payment(agreement_id: str, *items: tuple[str, Decimal]) -> dict[str, object]:
    """The fields of a `PayPremium` besides its head."""
    return {
        "agreement_id": agreement_id,
        "items": tuple(PaymentItem(proposal_id=p, amount=a) for p, a in items),
        "total": sum((a for _, a in items), Decimal(0)),
    }


def policy_fields(form: CargoProposalForm, proposal_id: str, policy_no: str) -> dict[str, object]:
    """The fields of the policy for a proposal, besides the time of issue."""
    goods, route, cover = form.goods, form.transport, form.insurance
    return {
        "policy_no": policy_no,
        "insurer": form.holder.insurer,
        "proposal_id": proposal_id,
        "agreement_no": form.holder.agreement_no,
        "holder": form.holder.name,
        "holder_uscc": form.holder.uscc,
        "insured": form.insured.name,
        "goods": goods.description,
        "packing": PACKAGE.rows[goods.pack_type],
        "marks": goods.marks,
        "conveyance": f"{route.vessel_name or ''} {route.voyage_no}".strip(),
        "route": f"{route.from_port_desc}—{route.to_port_desc}",
        "depart_date": route.depart_date,
        "main_cover": cover.main_cover,
        "added_covers": cover.added_covers,
        "sum_insured": cover.sum_insured,
        "currency": cover.currency,
        "rate": cover.rate,
        "premium": cover.premium,
        "claim_payable_place": route.claim_payable_place,
        "start_date": route.depart_date,
    }
