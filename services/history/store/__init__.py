"""The only room of history that speaks SQL."""

from libs.service.db import Connection
from services.history.store.changes import (
    Change,
    changes_after,
    last_position,
    listen,
    tell,
    untold,
)
from services.history.store.copying import copy_in, give_keys, keep_once, keep_untold
from services.history.store.reading import (
    Found,
    as_of,
    latest,
    moves_of,
    rejection_of,
    search,
    status_records,
)
from services.history.store.tables import TABLES, Names, analyze, fresh_names, make, swap, sweep
from services.history.store.writing import fill_documents, save, save_documents, stop_the_writers

__all__ = [
    "TABLES",
    "Change",
    "Connection",
    "Found",
    "Names",
    "analyze",
    "as_of",
    "changes_after",
    "copy_in",
    "fill_documents",
    "fresh_names",
    "give_keys",
    "keep_once",
    "keep_untold",
    "last_position",
    "latest",
    "listen",
    "make",
    "moves_of",
    "rejection_of",
    "save",
    "save_documents",
    "search",
    "status_records",
    "stop_the_writers",
    "swap",
    "sweep",
    "tell",
    "untold",
]
