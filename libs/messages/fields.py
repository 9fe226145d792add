"""The field types that forms share: texts, money, numbers of companies, banks and phones."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import phonenumbers
from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from stdnum.cn import uscc as uscc_number
from stdnum.exceptions import ValidationError as NumberError
from stdnum.iso7064 import mod_11_10

from libs.messages.codes import InTable, places, tables

# what XML 1.0 cannot carry, or (the carriage return) parsers change
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _printable(value: str) -> str:
    if found := _FORBIDDEN.search(value):
        raise ValueError(f"第 {found.start() + 1} 个字符不允许使用", "可打印的文字，可以换行")
    return value


_Printable = AfterValidator(_printable)

C10 = Annotated[str, StringConstraints(min_length=1, max_length=10), _Printable]
C20 = Annotated[str, StringConstraints(min_length=1, max_length=20), _Printable]
C30 = Annotated[str, StringConstraints(min_length=1, max_length=30), _Printable]
C35 = Annotated[str, StringConstraints(min_length=1, max_length=35), _Printable]
C40 = Annotated[str, StringConstraints(min_length=1, max_length=40), _Printable]
C50 = Annotated[str, StringConstraints(min_length=1, max_length=50), _Printable]
C60 = Annotated[str, StringConstraints(min_length=1, max_length=60), _Printable]
C100 = Annotated[str, StringConstraints(min_length=1, max_length=100), _Printable]
C105 = Annotated[str, StringConstraints(min_length=1, max_length=105), _Printable]
C200 = Annotated[str, StringConstraints(min_length=1, max_length=200), _Printable]
C500 = Annotated[str, StringConstraints(min_length=1, max_length=500), _Printable]
C2000 = Annotated[str, StringConstraints(min_length=1, max_length=2000), _Printable]


@dataclass(frozen=True, slots=True)
class Figure:
    """Annotation of a decimal number: text on the wire, never a float."""

    digits: int
    places: int
    least: Decimal = Decimal(0)
    positive: bool = False
    most: Decimal | None = None

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        number = core_schema.decimal_schema(
            max_digits=self.digits,
            decimal_places=self.places,
            ge=None if self.positive else self.least,
            gt=self.least if self.positive else None,
            le=self.most,
            serialization=core_schema.plain_serializer_function_ser_schema(
                _plain, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )
        return core_schema.no_info_before_validator_function(_no_float, number)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        whole = self.digits - self.places
        return {
            "type": "string",
            "format": "decimal",
            "pattern": rf"^\d{{1,{whole}}}(\.\d{{1,{self.places}}})?$",
            "x-digits": [self.digits, self.places],
        }


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _no_float(value: object) -> object:
    if isinstance(value, float | bool):
        raise ValueError("应为文字形式的数字", '例如 "1000.00"')  # noqa: TRY004 - pydantic's way
    return value


Money = Annotated[Decimal, Figure(18, 2)]
PositiveMoney = Annotated[Decimal, Figure(18, 2, positive=True)]
PerMille = Annotated[Decimal, Figure(8, 4, most=Decimal(1000))]
Percent = Annotated[Decimal, Figure(5, 2, most=Decimal(100))]
ExchangeRate = Annotated[Decimal, Figure(14, 6, positive=True)]


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
