"""Rules that several forms share. Each yields what is wrong with a value, if anything is."""

from collections.abc import Iterator, Sequence

from libs.messages.base import Model
from libs.messages.codes import places
from libs.messages.codes.hs import SECTIONS
from libs.messages.errors import FieldError

MISSING = "必填项未填写"
_SECTION_OF = {
    f"{chapter:02d}": section
    for section, (_, ranges) in SECTIONS.items()
    for first, last in ranges
    for chapter in range(first, last + 1)
}


def no_twice(value: Model, field: str) -> Iterator[FieldError]:
    """No code stands twice in a list."""
    codes: Sequence[str] = getattr(value, field)
    if len(set(codes)) != len(codes):
        yield value.wrong(field, "有重复的选项", "每项只选一次")


def needed(value: Model, field: str, why: str) -> Iterator[FieldError]:
    """A field that is needed because of another; `why` says which."""
    if not getattr(value, field):
        yield value.wrong(field, MISSING, why)


def chapter_in_section(value: Model, section: str, chapter: str) -> Iterator[FieldError]:
    """The chapter (货物细类) is one of the section's (货物大类)."""
    if _SECTION_OF.get(chapter) != section:
        name, ranges = SECTIONS[section]
        right = "、".join(f"{first:02d}–{last:02d}" for first, last in ranges)
        yield value.wrong("chapter", f"不属于货物大类“{name}”", right)


def place(
    value: Model, prefix: str, country: str, province: str | None, city: str | None
) -> Iterator[FieldError]:
    """A province only in China, and a city of that province. `prefix` is of the field names."""
    if country != places.CHINA and province:
        yield value.wrong(f"{prefix}province", "仅适用于中国", "不填写")
    elif province and city:
        cities = places.cities_of(province)
        if cities and city not in cities:
            yield value.wrong(
                f"{prefix}city",
                f"不是{places.PROVINCE.rows[province]}的城市",
                places.some(cities),
            )
