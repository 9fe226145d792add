"""The code table type: codes with Chinese names, and the field type made from a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_EXAMPLES_MAX = 6


@dataclass(frozen=True)
class CodeTable:
    """One table. `load` is called on first use, so that big tables cost nothing until then."""

    name: str
    title: str
    source: str
    load: Callable[[], Mapping[str, str]]
    enumerated: bool = True  # schemas list the codes; not those of long or local tables

    @cached_property
    def rows(self) -> Mapping[str, str]:
        """Names by code."""
        return self.load()

    def check(self, code: str) -> str:
        """`code` itself. Raises ValueError(problem, what would be right)."""
        if code in self.rows:
            return code
        raise ValueError(f"{self.title}中没有代码“{code}”", self.example)

    @property
    def example(self) -> str:
        """The first few codes with their names, and how many there are."""
        shown = [f"{code} {name}" for code, name in list(self.rows.items())[:_EXAMPLES_MAX]]
        more = f" 等 {len(self.rows)} 项" if len(self.rows) > _EXAMPLES_MAX else ""
        return "、".join(shown) + more


TABLES: dict[str, CodeTable] = {}


def table(
    name: str, title: str, source: str, rows: Mapping[str, str] | Callable[[], Mapping[str, str]]
) -> CodeTable:
    """Register a code table: its rows, or a function that loads a long one on first use."""
    found = (
        CodeTable(name, title, source, rows, enumerated=False)
        if callable(rows)
        else CodeTable(name, title, source, lambda: rows)
    )
    TABLES[name] = found
    return found


@dataclass(frozen=True, slots=True)
class InTable:
    """Annotation of a field whose value is a code of `table`."""

    table: CodeTable

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.table.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        described["x-code-table"] = self.table.name
        if self.table.enumerated:
            described["enum"] = list(self.table.rows)
        return described
