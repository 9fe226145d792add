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

    @cached_property
    def codes(self) -> "Codes":
        """Each code by itself."""
        return Codes(self)

    @property
    def example(self) -> str:
        """The first few codes with their names, and how many there are."""
        shown = [f"{code} {name}" for code, name in list(self.rows.items())[:_EXAMPLES_MAX]]
        more = f" 等 {len(self.rows)} 项" if len(self.rows) > _EXAMPLES_MAX else ""
        return "、".join(shown) + more


class Codes(dict[str, str]):
    """The codes of a table, each by itself; read on first use. To check one is a mere lookup."""

    def __init__(self, table: CodeTable) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, code: str) -> str:
        """Raises ValueError(problem, what would be right) for a code that is not in the table."""
        rows = self._table.rows
        if not self:
            self.update(zip(rows, rows, strict=True))
        if code in rows:
            return code
        raise ValueError(f"{self._table.title}中没有代码“{code}”", self._table.example)


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
        return core_schema.no_info_after_validator_function(
            self.table.codes.__getitem__, handler(source)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        described["x-code-table"] = self.table.name
        if self.table.enumerated:
            described["enum"] = list(self.table.rows)
        return described
