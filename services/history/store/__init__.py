"""The only room of history that speaks SQL."""

from libs.service.db import Connection
from services.history.store.changes import Change, changes_after, last_position, listen
from services.history.store.reading import (
    Found,
    as_of,
    latest,
    moves_of,
    rejection_of,
    search,
    status_records,
)
from services.history.store.writing import is_rebuilding, save, start_over, whole_again

__all__ = [
    "Change",
    "Connection",
    "Found",
    "as_of",
    "changes_after",
    "is_rebuilding",
    "last_position",
    "latest",
    "listen",
    "moves_of",
    "rejection_of",
    "save",
    "search",
    "start_over",
    "status_records",
    "whole_again",
]
