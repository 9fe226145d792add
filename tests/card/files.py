"""PDF files, good ones and others, and a company's seal."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from libs.signing.pki import Issued
from libs.signing.seals import Look, made
from tests.card.conftest import OPERATOR

FONT = "STSong-Light"
LETTER = ("企业征信授权书", f"授权企业：{OPERATOR.name}", "授权范围：基本信息、信用记录")
YEAR = timedelta(days=365)


def letter(*pages: tuple[str, ...]) -> bytes:
    """A letter with these lines; by default one page."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    output = BytesIO()
    canvas = Canvas(output, pagesize=(595, 842))
    for lines in pages or (LETTER,):
        canvas.setFont(FONT, 14)
        for number, line in enumerate(lines):
            canvas.drawString(72, 760 - 30 * number, line)
        canvas.showPage()
    canvas.save()
    return output.getvalue()


def picture() -> bytes:
    """A red ring, clear within and around."""
    image = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((5, 5, 195, 195), outline=(220, 0, 0, 255), width=8)
    output = BytesIO()
    image.save(output, "PNG")
    return output.getvalue()


def seal_for(
    holder: Issued, maker: Issued, *, since: datetime | None = None, look: bytes | None = None
) -> bytes:
    """The company's seal, for a year from `since` (yesterday)."""
    since = since or datetime.now(UTC) - timedelta(days=1)
    certificate = holder.signer.certificate
    shown = Look(picture() if look is None else look)
    name = f"{OPERATOR.name}公章"
    return made(maker.signer, "3101150001", name, [certificate], shown, (since, since + YEAR))


def changed(change: Callable[[PdfWriter], object], pdf: bytes | None = None) -> bytes:
    """A letter that a program changed."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf or letter())))
    change(writer)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def _rooted(**entries: object) -> Callable[[PdfWriter], None]:
    def change(writer: PdfWriter) -> None:
        for name, value in entries.items():
            writer.root_object[NameObject(f"/{name}")] = value

    return change


def _noted(**entries: object) -> Callable[[PdfWriter], None]:
    """An annotation on the first page."""

    def change(writer: PdfWriter) -> None:
        note = _dictionary(
            Type=NameObject("/Annot"),
            Rect=ArrayObject([NumberObject(each) for each in (0, 0, 9, 9)]),
            **entries,
        )
        writer.pages[0][NameObject("/Annots")] = ArrayObject([note])

    return change


def _dictionary(**entries: object) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})


def _action(name: str) -> DictionaryObject:
    return _dictionary(S=NameObject(f"/{name}"))


_LINK, _WIDGET, _TEXT = NameObject("/Link"), NameObject("/Widget"), NameObject("/FreeText")

# what a file may hold that makes it say something else, elsewhere or later
CHANGING: Mapping[str, Callable[[], bytes]] = {
    "script": lambda: changed(
        _rooted(OpenAction=_dictionary(S=NameObject("/JavaScript"), JS=TextStringObject("alert")))
    ),
    "attachment": lambda: changed(_attach),
    "program": lambda: changed(_noted(Subtype=_LINK, A=_action("Launch"))),
    "opening action": lambda: changed(_rooted(OpenAction=_action("GoToR"))),
    "layers": lambda: changed(_rooted(OCProperties=_dictionary())),
    "form": lambda: changed(_noted(Subtype=_WIDGET, FT=NameObject("/Tx"))),
    "made by the reader": lambda: changed(
        _rooted(AcroForm=_dictionary(NeedAppearances=BooleanObject(True)))
    ),
    "note": lambda: changed(_noted(Subtype=_TEXT, Contents=TextStringObject("不同意"))),
    "password": lambda: changed(lambda writer: writer.encrypt("secret", algorithm="RC4-128")),
}


def _attach(writer: PdfWriter) -> None:
    writer.add_attachment("a.txt", b"a")
