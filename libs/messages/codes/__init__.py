"""Code tables: what may stand in a field, with Chinese names and sources."""

from libs.messages.codes import places, tables
from libs.messages.codes.table import TABLES, CodeTable, InTable

__all__ = ["TABLES", "CodeTable", "InTable", "places", "tables"]
