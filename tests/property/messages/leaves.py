"""Random values for any field of any model, from the field's own annotation."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from pydantic import StringConstraints

from libs.messages.base import Model
from libs.messages.codes import InTable
from libs.messages.fields import Figure
from libs.messages.shapes import NOTE, TEXT

START, END = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01")
CHARACTERS = st.one_of(
    st.sampled_from("中文保险 <>&\"'\n\t]]>😀\u3000\u2028\ufeff\u00a0"),
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
)
ZONES = st.integers(-13 * 60, 13 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
LONGEST = 60

Path = tuple[str | int, ...]


def texts(longest: int) -> st.SearchStrategy[str]:
    """Texts that a form takes."""
    return st.text(CHARACTERS, min_size=1, max_size=min(longest, LONGEST)).filter(str.strip)


def leaf_values(annotation: Any, metadata: tuple[object, ...] = ()) -> st.SearchStrategy[object]:
    """Values of a field that is no group; most of them right by themselves."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *marks = get_args(annotation)
        return leaf_values(inner, (*marks, *metadata))
    if origin in (Union, UnionType):
        (inner,) = (arg for arg in get_args(annotation) if arg is not NoneType)
        return st.none() | leaf_values(inner, metadata)
    if origin is tuple:
        rows: st.SearchStrategy[object] = st.lists(
            leaf_values(get_args(annotation)[0]), max_size=4, unique=True
        ).map(tuple)
        return rows
    marked = [found for mark in metadata if (found := _marked(mark)) is not None]
    return marked[0] if marked else _plain(annotation, metadata)


def _marked(mark: object) -> st.SearchStrategy[object] | None:
    """Values of a field with this annotation, if it says what they look like."""
    if isinstance(mark, InTable):
        return st.sampled_from(list(mark.table.rows))
    if isinstance(mark, Figure):
        return _figures(mark)
    if isinstance(mark, StringConstraints) and mark.pattern not in (TEXT, NOTE, None):
        return st.from_regex(str(mark.pattern), fullmatch=True)
    return None


def _figures(figure: Figure) -> st.SearchStrategy[object]:
    most = figure.most or Decimal(10) ** (figure.digits - figure.places) - 1
    least = Decimal(1).scaleb(-figure.places) if figure.positive else Decimal(0)
    return st.decimals(least, most, places=figure.places) | st.integers(1, 9).map(Decimal)


def _plain(type_: Any, metadata: tuple[object, ...]) -> st.SearchStrategy[object]:
    limits = (getattr(mark, "max_length", None) for mark in metadata)
    longest = next((limit for limit in limits if isinstance(limit, int)), LONGEST)
    found: dict[object, st.SearchStrategy[Any]] = {
        str: texts(longest),
        bool: st.booleans(),
        int: st.integers(0, 10**9),
        date: st.dates(),
        datetime: st.datetimes(START, END, timezones=ZONES),
        UUID: st.uuids(),
    }
    if isinstance(type_, type) and issubclass(type_, Enum):
        return st.sampled_from(list(type_))
    return found[type_]


def leaves(value: Model, at: Path = ()) -> Iterator[tuple[Path, Any, tuple[object, ...]]]:
    """Every field of `value` that is no group: where, its annotation and its marks."""
    for name, info in type(value).model_fields.items():
        content, path = getattr(value, name), (*at, name)
        if isinstance(content, Model):
            yield from leaves(content, path)
        elif isinstance(content, tuple) and content and isinstance(content[0], Model):
            for number, row in enumerate(content):
                yield from leaves(row, (*path, number))
        elif not _is_group(info.annotation):
            yield path, info.annotation, tuple(info.metadata)


def _is_group(annotation: Any) -> bool:
    if isinstance(annotation, type):
        return issubclass(annotation, Model)
    return any(_is_group(arg) for arg in get_args(annotation))


def placed(content: dict[str, Any], path: Path, value: object) -> None:
    """Put `value` at `path` of a dumped model."""
    at: Any = content
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
