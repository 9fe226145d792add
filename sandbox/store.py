"""What a counterparty remembers: one SQLite file, used by one thread at a time."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from uuid import UUID

from sandbox.posting import Letter

_TABLES = """
CREATE TABLE IF NOT EXISTS requests (
    message_id TEXT PRIMARY KEY,
    digest TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS replies (
    row INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES requests (message_id),
    due TEXT NOT NULL,
    key BLOB NOT NULL,
    body BLOB NOT NULL,
    headers TEXT NOT NULL,
    open INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS replies_of_request ON replies (request_id);
CREATE INDEX IF NOT EXISTS replies_open ON replies (row) WHERE open = 1;
"""
_COLUMNS = "row, due, key, body, headers"


class Store:
    """Requests seen and the replies they got; counterparties add tables of their own."""

    def __init__(self, path: Path | str, tables: str = "") -> None:
        self._lock = RLock()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {_TABLES} {tables}"
        )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; a transaction inside another is a savepoint."""
        with self._lock:
            self.db.execute("SAVEPOINT work")
            try:
                yield self.db
            except BaseException:
                self.db.execute("ROLLBACK TO work")
                raise
            finally:
                self.db.execute("RELEASE work")

    def digest_of(self, request: UUID) -> str | None:
        """The digest of a request's bytes, if it was answered before."""
        found = self.db.execute(
            "SELECT digest FROM requests WHERE message_id = ?", (str(request),)
        ).fetchone()
        return str(found[0]) if found else None

    def keep(
        self, request: UUID, digest: str, letters: Iterable[Letter], *, send: bool
    ) -> list[Letter]:
        """Remember a request and its letters; without `send` they wait for a repeated request."""
        self.db.execute("INSERT INTO requests VALUES (?, ?)", (str(request), digest))
        return [self._keep(str(request), letter, send=send) for letter in letters]

    def _keep(self, request: str, letter: Letter, *, send: bool) -> Letter:
        headers = json.dumps([(name, value.decode()) for name, value in letter.headers])
        row = self.db.execute(
            "INSERT INTO replies (request_id, due, key, body, headers, open)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (request, letter.due.isoformat(), letter.key, letter.body, headers, int(send)),
        ).lastrowid
        return Letter(letter.key, letter.body, letter.headers, letter.due, row or 0)

    def letters_of(self, request: UUID) -> list[Letter]:
        """The letters that a request was answered with."""
        return self._letters("request_id = ?", str(request))

    def open_letters(self) -> list[Letter]:
        """Letters that were to be sent and, as far as is known, were not."""
        with self._lock:
            return self._letters("open = ?", 1)

    def _letters(self, condition: str, value: object) -> list[Letter]:
        rows = self.db.execute(
            f"SELECT {_COLUMNS} FROM replies WHERE {condition} ORDER BY row",  # noqa: S608 - ours
            (value,),
        )
        return [
            Letter(key, body, _headers(headers), datetime.fromisoformat(due).astimezone(UTC), row)
            for row, due, key, body, headers in rows
        ]

    def sent(self, letters: Iterable[Letter]) -> None:
        """These letters were sent."""
        rows = [(letter.row,) for letter in letters if letter.row]
        with self.transaction() as db:
            db.executemany("UPDATE replies SET open = 0 WHERE row = ?", rows)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self.db.close()


def _headers(text: str) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in json.loads(text)]
