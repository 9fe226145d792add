"""Dates, times, whole numbers, truth values and ids: one spelling each, in XML and in JSON.

Pydantic takes more (seconds since 1970 for a time, "yes" for a truth value). What a schema would
refuse must not be accepted here: a message travels on, untouched, to partners who check schemas.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from libs.messages import shapes


@dataclass(frozen=True, slots=True)
class Spelled:
    """Annotation of a value whose text must look like `pattern`; values of `type` pass."""

    type: type
    pattern: str
    problem: str
    example: str

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._checker(), handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern}

    def _checker(self) -> Callable[[object], object]:
        fits, type_ = shapes.matcher(self.pattern).fullmatch, self.type
        problem, example = self.problem, self.example

        def check(value: object) -> object:
            if fits(value) if isinstance(value, str) else isinstance(value, type_):
                return value
            raise ValueError(problem, example)

        return check


def _aware(value: datetime) -> datetime:
    if value.utcoffset() is None:
        raise ValueError("时间缺少时区", shapes.TIME_EXAMPLE)
    return value


Day = Annotated[date, Spelled(date, shapes.DAY, "日期格式有误", shapes.DAY_EXAMPLE)]
Timestamp = Annotated[datetime, Spelled(datetime, shapes.TIME, "时间格式有误", shapes.TIME_EXAMPLE)]
Uuid = Annotated[UUID, Spelled(UUID, shapes.UUID, "应为 UUID", shapes.UUID_EXAMPLE)]
Count = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_TRUTH = {"true": True, "false": False}


def count_of(text: str) -> int | str:
    """An XML text as a whole number; any other text as it is, for the model to refuse."""
    return int(text) if _WHOLE.fullmatch(text) else text


def flag_of(text: str) -> bool | str:
    """An XML text as a truth value; any other text as it is, for the model to refuse."""
    return _TRUTH.get(text, text)
