"""What a PDF says, and what in it would let it say something else to somebody else.

Runs in the process of `__main__.py` only, where there is no card. Raises ValueError, whose text
the user is told, and whatever pypdf raises for files that are none.
"""

from collections.abc import Iterator, Mapping

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject

PAGES_MAX = 50
TEXT_CHARACTERS_MAX = 20_000
OBJECTS_MAX = 20_000

# what runs, fetches, hides or changes itself after the user has looked
_KEYS: Mapping[str, str] = {
    "/JS": "脚本",
    "/JavaScript": "脚本",
    "/AA": "自动动作",
    "/XFA": "XFA表单",
    "/OCProperties": "可隐藏的图层",
    "/EmbeddedFiles": "附件",
    "/EF": "附件",
    "/RichMediaContent": "多媒体",
    "/NeedAppearances": "由阅读器生成的表单外观",
}
_ACTS = ("/A", "/OpenAction", "/Next")
_ACTIONS = frozenset({"/GoTo", "/URI"})  # that a reader may follow: they change nothing
_NOTES = frozenset({"/Widget", "/Link"})  # annotations that say nothing of their own


def texts(reader: PdfReader) -> list[str]:
    """The text of each page. Raises ValueError when it is more than anyone reads."""
    if len(reader.pages) > PAGES_MAX:
        raise ValueError(f"超过{PAGES_MAX}页")
    found: list[str] = []
    for page in reader.pages:
        found.append(page.extract_text())
        if sum(map(len, found)) > TEXT_CHARACTERS_MAX:
            raise ValueError(f"文字超过{TEXT_CHARACTERS_MAX}字")
    return found


def refuse_what_changes(reader: PdfReader) -> None:
    """Raises ValueError for a file that may look different elsewhere or later."""
    if reader.is_encrypted:
        raise ValueError("文件已加密")
    for found in _dictionaries(reader.trailer):
        for key, what in _KEYS.items():
            if key in found:
                raise ValueError(f"含有{what}")
        _refuse_actions(found)
        if "/FT" in found and str(found["/FT"]) != "/Sig":
            raise ValueError("含有可填写的表单")
    for page in reader.pages:
        for note in page.get("/Annots", ArrayObject()):
            kind = note.get_object().get("/Subtype")
            if kind not in _NOTES:
                raise ValueError(f"含有批注 {kind}")


def _refuse_actions(found: DictionaryObject) -> None:
    for key in _ACTS:
        action = found.get(key)
        if isinstance(action, DictionaryObject) and action.get("/S", "/GoTo") not in _ACTIONS:
            raise ValueError(f"含有动作 {action['/S']}")


def _dictionaries(start: PdfObject) -> Iterator[DictionaryObject]:
    """Every dictionary that can be reached, each once."""
    waiting, seen = [start], set[tuple[int, int]]()
    for _ in range(OBJECTS_MAX):
        if not waiting:
            return
        each = waiting.pop()
        if isinstance(each, IndirectObject):
            place = (each.idnum, each.generation)
            if place not in seen:
                seen.add(place)
                if (found := each.get_object()) is not None:
                    waiting.append(found)
        elif isinstance(each, DictionaryObject):
            yield each
            waiting.extend(each.raw_get(key) for key in each)
        elif isinstance(each, ArrayObject):
            waiting.extend(list.__iter__(each))
    raise ValueError(f"对象超过{OBJECTS_MAX}个")
