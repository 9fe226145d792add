"""The field types that forms share: texts, money, numbers of companies, banks and phones."""

import re
from decimal import Decimal
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, Field, PlainSerializer, StringConstraints
from stdnum.cn import uscc as uscc_number
from stdnum.exceptions import ValidationError as NumberError
from stdnum.iso7064 import mod_11_10

from libs.messages.codes import InTable, places, tables

# what XML 1.0 can carry, without the carriage return that parsers change
_TEXT = r"^[\t\n\u{20}-\u{7E}\u{A0}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$"


def text(longest: int) -> StringConstraints:
    """A text of 1 to `longest` characters that XML can carry."""
    return StringConstraints(min_length=1, max_length=longest, pattern=_TEXT)


C10 = Annotated[str, text(10)]
C20 = Annotated[str, text(20)]
C30 = Annotated[str, text(30)]
C40 = Annotated[str, text(40)]
C50 = Annotated[str, text(50)]
C60 = Annotated[str, text(60)]
C100 = Annotated[str, text(100)]
C200 = Annotated[str, text(200)]
C500 = Annotated[str, text(500)]
C2000 = Annotated[str, text(2000)]


def _plain(value: Decimal) -> str:
    return format(value, "f")


_Number = PlainSerializer(_plain, return_type=str, when_used="json")
Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2), _Number]
PositiveMoney = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2), _Number]
PerMille = Annotated[Decimal, Field(ge=0, le=1000, max_digits=8, decimal_places=4), _Number]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2), _Number]


def _uscc(value: str) -> str:
    try:
        uscc_number.validate(value)
    except NumberError:
        raise ValueError(
            "统一社会信用代码有误", "18 位大写字母和数字，末位为校验码（GB 32100）"
        ) from None
    return value


Uscc = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}$"), AfterValidator(_uscc)]


def _cnaps(value: str) -> str:
    try:
        mod_11_10.validate(value)
    except NumberError:
        raise ValueError("联行号校验位有误", "12 位数字，末位为校验码") from None
    return value


CnapsNumber = Annotated[str, StringConstraints(pattern=r"^\d{12}$"), AfterValidator(_cnaps)]
AccountNumber = Annotated[str, StringConstraints(pattern=r"^\d{8,32}$")]

_MOBILE = re.compile(r"^(\+86-?)?1[3-9]\d{9}$")
_LANDLINE = re.compile(r"^(\+86-?)?0\d{2,3}-?\d{7,8}(-\d{1,6})?$")


def _phone(value: str) -> str:
    wrong = ValueError("格式有误", "手机 13800138000 或座机 010-65194114")
    if not (_MOBILE.match(value) or _LANDLINE.match(value)):
        raise wrong
    try:
        number = phonenumbers.parse(re.sub(r"(?<=\d{7})-\d{1,6}$", "", value), "CN")
    except phonenumbers.NumberParseException:
        raise wrong from None
    if not phonenumbers.is_possible_number(number):
        raise wrong
    return value


Phone = Annotated[str, StringConstraints(max_length=20), AfterValidator(_phone)]


def _email(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", value):
        raise ValueError("格式有误", "例如 name@example.com")
    return value


Email = Annotated[str, StringConstraints(max_length=100), AfterValidator(_email)]
TaxNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{15,20}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
UnLocode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z0-9]{3}$")]

Insurer = Annotated[str, InTable(tables.INSURER)]
Bank = Annotated[str, InTable(tables.BANK)]
HsSection = Annotated[str, InTable(tables.HS_SECTION)]
HsChapter = Annotated[str, InTable(tables.HS_CHAPTER)]
Package = Annotated[str, InTable(tables.PACKAGE)]
Transport = Annotated[str, InTable(tables.TRANSPORT)]
LoadMode = Annotated[str, InTable(tables.LOAD_MODE)]
IeType = Annotated[str, InTable(tables.IE_TYPE)]
Product = Annotated[str, InTable(tables.PRODUCT)]
AgreementStatus = Annotated[str, InTable(tables.AGREEMENT_STATUS)]
Settlement = Annotated[str, InTable(tables.SETTLEMENT)]
MainCover = Annotated[str, InTable(tables.MAIN_COVER)]
AddedCover = Annotated[str, InTable(tables.ADDED_COVER)]
Cover = Annotated[str, InTable(tables.COVER)]
GoodsCondition = Annotated[str, InTable(tables.CONDITION)]
InvoiceKind = Annotated[str, InTable(tables.INVOICE_KIND)]
IdKind = Annotated[str, InTable(tables.ID_KIND)]
AttachmentKind = Annotated[str, InTable(tables.ATTACHMENT_KIND)]
Country = Annotated[str, InTable(places.COUNTRY)]
Province = Annotated[str, InTable(places.PROVINCE)]
Currency = Annotated[str, InTable(places.CURRENCY)]
