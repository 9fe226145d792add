"""A seal's picture, and an empty place for its signature, added behind a PDF that stays as it is.

Runs in the process of `__main__.py` only. Values of the signature's dictionary are this project's
own proposal: GB/T 38540 says what a seal is, not how a PDF holds it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

from card_signer.seals.pages import OBJECTS_MAX
from card_signer.seals.ranges import FILTER, FORMAT, UNKNOWN

PIXELS_MAX = 2_000_000
_POINTS_A_MM = 72 / 25.4
_LOCKED, _PRINT = 128, 4
_SIGNATURES, _APPEND_ONLY = 1, 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where on which page (from 0), in mm from its top left corner; how large."""

    page: int
    left: float
    top: float
    width: float
    height: float


def stamped(pdf: bytes, picture: bytes, place: Place, name: str, room: int) -> bytes:
    """The file with the picture and `room` empty bytes for the signature behind it.

    Raises ValueError for a page that is not there, a place outside of it, a picture that is none.
    """
    writer = PdfWriter(BytesIO(pdf), incremental=True)
    _number_behind_all(writer, pdf)
    if not 0 <= place.page < len(writer.pages):
        raise ValueError(f"没有第{place.page + 1}页")
    page = writer.pages[place.page]
    box = page.cropbox
    left = float(box.left) + place.left * _POINTS_A_MM
    top = float(box.top) - place.top * _POINTS_A_MM
    width, height = place.width * _POINTS_A_MM, place.height * _POINTS_A_MM
    if page.rotation or not (
        float(box.left) <= left
        and left + width <= float(box.right)
        and top <= float(box.top)
        and float(box.bottom) <= top - height
    ):
        raise ValueError("印章不在页面之内，或页面是旋转的")
    signature = writer._add_object(_signature(name, room))
    rectangle = ArrayObject(FloatObject(each) for each in (left, top - height, left + width, top))
    field = _field(writer, _appearance(writer, picture, width, height), signature, rectangle)
    field[NameObject("/P")] = page.indirect_reference or page
    added = writer._add_object(field)
    page[NameObject("/Annots")] = ArrayObject([*_list(page.get("/Annots")), added])
    _register(writer, added)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def _number_behind_all(writer: PdfWriter, pdf: bytes) -> None:
    """A cross-reference stream has a number, too, which pypdf would give away again."""
    size = int(str(PdfReader(BytesIO(pdf)).trailer["/Size"]))
    if size > OBJECTS_MAX:
        raise ValueError(f"对象超过{OBJECTS_MAX}个")
    writer._objects.extend([None] * (size - 1 - len(writer._objects)))


def _signature(name: str, room: int) -> DictionaryObject:
    at = f"D:{datetime.now(UTC):%Y%m%d%H%M%S}Z"
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Sig"),
            NameObject("/Filter"): NameObject(FILTER),
            NameObject("/SubFilter"): NameObject(FORMAT),
            NameObject("/ByteRange"): ArrayObject([NumberObject(each) for each in UNKNOWN]),
            NameObject("/Contents"): ByteStringObject(bytes(room)),
            NameObject("/Name"): TextStringObject(name),
            NameObject("/M"): TextStringObject(at),
        }
    )


def _field(
    writer: PdfWriter,
    look: IndirectObject,
    signature: IndirectObject,
    rectangle: ArrayObject,
) -> DictionaryObject:
    taken = len(_list(_form(writer).get("/Fields")))
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject("/Sig"),
            NameObject("/T"): TextStringObject(f"Seal{taken + 1}"),
            NameObject("/F"): NumberObject(_PRINT | _LOCKED),
            NameObject("/V"): signature,
            NameObject("/Rect"): rectangle,
            NameObject("/AP"): DictionaryObject({NameObject("/N"): look}),
        }
    )


def _register(writer: PdfWriter, field: IndirectObject) -> None:
    form = _form(writer)
    form[NameObject("/Fields")] = ArrayObject([*_list(form.get("/Fields")), field])
    form[NameObject("/SigFlags")] = NumberObject(_SIGNATURES | _APPEND_ONLY)
    writer.root_object[NameObject("/AcroForm")] = form


def _form(writer: PdfWriter) -> DictionaryObject:
    found = writer.root_object.get("/AcroForm")
    found = found.get_object() if found is not None else None
    return DictionaryObject(found) if isinstance(found, DictionaryObject) else DictionaryObject()


def _list(found: object) -> list[PdfObject]:
    found = found.get_object() if isinstance(found, IndirectObject) else found
    return list(list.__iter__(found)) if isinstance(found, ArrayObject) else []


def _appearance(writer: PdfWriter, picture: bytes, width: float, height: float) -> IndirectObject:
    image = writer._add_object(_image(writer, picture))
    form = StreamObject()
    form.set_data(f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Seal Do Q".encode())
    box = ArrayObject(FloatObject(each) for each in (0, 0, width, height))
    seal = DictionaryObject({NameObject("/Seal"): image})
    form.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): box,
            NameObject("/Resources"): DictionaryObject({NameObject("/XObject"): seal}),
        }
    )
    return writer._add_object(form)


def _image(writer: PdfWriter, picture: bytes) -> StreamObject:
    try:
        with Image.open(BytesIO(picture), formats=("PNG", "JPEG", "GIF", "BMP")) as found:
            if found.width * found.height > PIXELS_MAX:
                raise ValueError(f"印章图像超过{PIXELS_MAX}像素")
            clear = found.convert("RGBA")
    except OSError:
        raise ValueError("印章图像无法识别") from None
    colours = _samples(clear.convert("RGB").tobytes(), clear, "/DeviceRGB")
    mask = _samples(clear.getchannel("A").tobytes(), clear, "/DeviceGray")
    colours[NameObject("/SMask")] = writer._add_object(mask)
    return colours


def _samples(data: bytes, image: Image.Image, space: str) -> StreamObject:
    stream = StreamObject()
    stream.set_data(data)
    packed = stream.flate_encode()
    packed.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(image.width),
            NameObject("/Height"): NumberObject(image.height),
            NameObject("/ColorSpace"): NameObject(space),
            NameObject("/BitsPerComponent"): NumberObject(8),
        }
    )
    return packed


def signatures(reader: PdfReader) -> list[dict[str, object]]:
    """Of each signature in the file, in its order: format, byte range, contents (hex)."""
    form = reader.root_object.get("/AcroForm", DictionaryObject()).get_object()
    found: list[dict[str, object]] = []
    for field in _list(form.get("/Fields")):
        inside = field.get_object()
        value = inside.get("/V") if isinstance(inside, DictionaryObject) else None
        value = value.get_object() if value is not None else None
        if isinstance(value, DictionaryObject) and value.get("/Type") == "/Sig":
            contents = value.get("/Contents", b"")
            given = contents if isinstance(contents, bytes) else contents.original_bytes
            found.append(
                {
                    "format": str(value.get("/SubFilter")),
                    "range": [int(str(each)) for each in _list(value.get("/ByteRange"))],
                    "contents": given.hex(),
                }
            )
    return found
