"""电子保单: a page made from the insurer's signed policy message (docs/decisions/0013)."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

import orjson
import pylopdf_fonts_zh_cn
import typst

from libs.decisions import BEIJING
from libs.messages.base import Cause
from libs.messages.codes import places, tables
from libs.messages.kinds.proposal import CargoPolicyForm
from libs.messages.partners import PARTNERS
from libs.messages.registry import KINDS
from services.portal.amount_words import amount_words
from services.portal.objects import Objects

_TEMPLATE = Path(__file__).parent / "templates" / "e-policy.typ"
_TITLES = {kind.name: kind.title for kind in KINDS.values()}
_LONG_WORD = re.compile(r"[!-~]{12}(?=[!-~])")
_AT_ONCE = 2  # pages set at the same time; each takes a core for some 50 ms

Page = Mapping[str, object]


def page_of(form: CargoPolicyForm, cause: Cause, received_at: datetime) -> Page:
    """What the page says: texts only, ready to be set."""
    currency = places.CURRENCY.rows[form.currency]
    return {
        "insurer": _partner(form.insurer),
        "policyNo": form.policy_no,
        "proposalId": form.proposal_id,
        "agreementNo": form.agreement_no,
        "holder": _breakable(form.holder),
        "holderUscc": form.holder_uscc,
        "insured": _breakable(form.insured),
        "goods": _breakable(form.goods),
        "packing": _breakable(form.packing),
        "marks": _breakable(form.marks),
        "conveyance": _breakable(form.conveyance),
        "route": _breakable(form.route),
        "departDate": _day(form.depart_date),
        "startDate": _day(form.start_date),
        "issuedAt": _day(form.issued_at.astimezone(BEIJING)),
        "mainCover": tables.COVER.rows[form.main_cover],
        "mainCoverCode": form.main_cover,
        "addedCovers": [
            {"code": code, "name": tables.COVER.rows[code]} for code in form.added_covers
        ],
        "currency": form.currency,
        "sumInsured": _money(form.sum_insured),
        "sumInsuredWords": amount_words(form.sum_insured, currency),
        "rate": f"{form.rate:f}",
        "premium": _money(form.premium),
        "premiumWords": amount_words(form.premium, "人民币"),
        "claimPayablePlace": _breakable(form.claim_payable_place),
        "signer": _partner(cause.signer),
        "signerCode": cause.signer,
        "messageKind": cause.kind,
        "messageTitle": _TITLES.get(cause.kind, ""),
        "messageId": str(cause.message_id),
        "messageDigest": cause.digest,
        "receivedAt": f"{received_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S} 北京时间",
    }


def digest_of(page: Page) -> str:
    """SHA-256 of what is shown and of the template that shows it, hex."""
    said = orjson.dumps(dict(page), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(_template() + b"\0" + said).hexdigest()


def render(page: Page, format: Literal["pdf", "png"] = "pdf") -> bytes:
    """The page as PDF (or as PNG, for looking at it). Takes a core; keep it off the event loop."""
    made: bytes = typst.compile(
        _TEMPLATE,
        format=format,
        font_paths=_font_paths(),
        ignore_system_fonts=True,
        sys_inputs={"data": orjson.dumps(dict(page)).decode()},
    )
    return made


@dataclass
class Printer:
    """Renders pages once and keeps them by their digest."""

    objects: Objects
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def pdf(self, page: Page) -> bytes:
        """The page as PDF."""
        name = f"e-policies/{digest_of(page)}.pdf"
        kept = await self.objects.get(name)
        if kept is not None:
            return kept
        async with self._turns:
            made = await asyncio.to_thread(render, page)
        await self.objects.put(name, made)
        return made


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


@cache
def _font_paths() -> list[Path]:
    return [Path(pylopdf_fonts_zh_cn.__file__).parent]


def _partner(code: str) -> str:
    row = PARTNERS.get(code)
    return row.name if row else code


def _breakable(text: str) -> str:
    """`text` with places to break a line (zero-width spaces) in words too long for a cell."""
    return _LONG_WORD.sub("\\g<0>\N{ZERO WIDTH SPACE}", text)


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _day(day: date) -> str:
    return f"{day:%Y年%m月%d日}"
