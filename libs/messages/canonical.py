"""Documents in canonical form, read by one pattern made from the model.

What our codec writes is already in exclusive canonical form: no attributes, no empty-element tags,
three entities. One regular expression made from a kind's fields tells whether a text is exactly
such a document, and finds every field on the way, in a tenth of the time that a tree takes. It
accepts only what the tree would read to the same values; anything else, right or wrong, is left to
the tree (`xml_model.py`), which also says what is wrong.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from libs.messages.parsing import NODE_BYTES_MIN, NODES_MAX
from libs.messages.xml_model import XmlField, XmlModel

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_BYTES_MAX = NODES_MAX * NODE_BYTES_MIN  # below, there cannot be too many elements
# characters of XML 1.0 but for those that canonical form writes otherwise; as few ranges, because
# the pattern has one such class a field and should stay in the processor's nearest memory
_TEXT = "[?-\\U0010ffff -;=\\t\\n]*+"
_NO_CHARACTERS = ("\ufffe", "\uffff")
_ENTITIES = ("&amp;", "&lt;", "&gt;")

Texts = Sequence[str | None]


class Canonical(bytes):
    """A document in canonical form, of a kind of ours, and the texts found in it."""

    grammar: "Grammar"
    texts: Texts


class Grammar:
    """All canonical documents of one kind."""

    def __init__(self, ce_type: str, head: str, fields: XmlModel, tail: str) -> None:
        self.ce_type = ce_type
        self._group = _Group(fields)
        self._whole = re.compile(f"{re.escape(head)}{self._group.pattern}{re.escape(tail)}")

    def read(self, document: bytes) -> Canonical | None:
        """`document`, without an XML declaration, when it is canonical and of this kind."""
        if len(document) > _BYTES_MAX:
            return None
        try:
            text = document.decode()
        except UnicodeDecodeError:
            return None
        found = self._whole.fullmatch(text)
        if found is None or any(character in text for character in _NO_CHARACTERS):
            return None
        if "&" in text and _has_foreign_entity(text):
            return None
        texts: Texts = found.groups()
        canonical = Canonical(document)
        canonical.grammar = self
        canonical.texts = self._group.unescaped(texts) if "&" in text else texts
        return canonical

    def value(self, document: Canonical) -> dict[str, Any]:
        """Input for the model."""
        return self._group.value(document.texts)


class _Group:
    """The pattern of one model's fields, and where each field is among the pattern's groups."""

    def __init__(self, model: XmlModel, first: int = 0) -> None:
        self.first = self.next = first
        self._leaves: list[tuple[str, int]] = []
        self._typed: list[tuple[str, int, Callable[[str], object]]] = []
        self._lists: list[tuple[str, int, _Rows]] = []
        self._groups: list[tuple[str, int, _Group]] = []
        self.pattern = "".join(self._add(field) for field in model.fields)
        self.escaped = [place for _, place in self._leaves]
        self.escaped += [place for _, place, _ in self._typed]
        for _, _, group in self._groups:
            self.escaped += group.escaped

    def _add(self, field: XmlField) -> str:
        """Note where `field` will be found; its pattern."""
        place = self.next
        self.next += 1
        if field.many:
            rows = _Rows(field)
            self._lists.append((field.alias, place, rows))
            return f"((?:{_uncaptured(rows.pattern)})*+)"
        if field.model is None:
            if field.value:  # how its text is read, if not as it is
                self._typed.append((field.alias, place, field.value))
            else:
                self._leaves.append((field.alias, place))
            return f"(?:{field.opening}({_TEXT}){field.closing})?+"
        group = _Group(field.model, self.next)
        self._groups.append((field.alias, place, group))
        self.next = group.next
        return f"(?:{field.opening}(){group.pattern}{field.closing})?+"

    def unescaped(self, texts: Texts) -> Texts:
        """The texts of all groups as they are meant; rows of lists stay as they are written."""
        plain = list(texts)
        for place in self.escaped:
            text = texts[place]
            if text and "&" in text:
                plain[place] = _unescaped(text)
        return plain

    def value(self, texts: Texts) -> dict[str, Any]:
        """The fields that are there, by alias."""
        found: dict[str, Any] = {}
        for alias, place in self._leaves:
            if (text := texts[place]) is not None:
                found[alias] = text
        for alias, place, typed in self._typed:
            if (text := texts[place]) is not None:
                found[alias] = typed(text)
        for alias, place, rows in self._lists:
            if text := texts[place]:
                found[alias] = rows.values(text)
        for alias, place, group in self._groups:
            if texts[place] is not None:
                found[alias] = group.value(texts)
        return found


class _Rows:
    """A list: its element, repeated."""

    def __init__(self, field: XmlField) -> None:
        self._group = _Group(field.model) if field.model else None
        self._value = field.value
        inside = self._group.pattern if self._group else f"({_TEXT})"
        self.pattern = f"{field.opening}{inside}{field.closing}"
        self._row = re.compile(self.pattern)

    def values(self, text: str) -> list[Any]:
        """One value a row."""
        group, is_escaped = self._group, "&" in text
        if group:
            rows: list[Texts] = [row.groups() for row in self._row.finditer(text)]
            return [group.value(group.unescaped(row) if is_escaped else row) for row in rows]
        texts = self._row.findall(text)
        if is_escaped:
            texts = [_unescaped(row) for row in texts]
        return [self._value(row) for row in texts] if self._value else texts


def _uncaptured(pattern: str) -> str:
    """The pattern without groups that capture: of rows, only the last would be seen."""
    return re.sub(r"\((?!\?)", "(?:", pattern)


def _has_foreign_entity(text: str) -> bool:
    at = text.find("&")
    while at != -1 and text.startswith(_ENTITIES, at):
        at = text.find("&", at + 1)
    return at != -1


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
