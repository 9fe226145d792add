"""What the bank keeps: accounts, mandates, payments. Unique keys guard against a second debit."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from decimal import Decimal

from sandbox.bank.requests import CollectRequest, Side
from sandbox.bank.rules import OPENING_BALANCE, SETTLED, Account, Mandate, Result, RowResult

TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
    number TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    cents INTEGER NOT NULL CHECK (cents >= 0)
);
CREATE TABLE IF NOT EXISTS mandates (
    id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    debtor TEXT NOT NULL,
    creditor TEXT NOT NULL,
    most TEXT,
    active INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS terms (
    mandate_id TEXT PRIMARY KEY REFERENCES mandates (id),
    daily TEXT,
    last_day TEXT
);
CREATE TABLE IF NOT EXISTS closed (
    number TEXT PRIMARY KEY REFERENCES accounts (number)
);
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    rows TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS collected (
    id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    reference TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS spent (
    payment_id TEXT NOT NULL REFERENCES payments (id),
    mandate_id TEXT NOT NULL,
    day TEXT NOT NULL,
    cents INTEGER NOT NULL,
    PRIMARY KEY (mandate_id, day, payment_id)
);
"""
_ACCOUNTS = (
    "SELECT number, name, cents, closed.number IS NOT NULL"
    " FROM accounts LEFT JOIN closed USING (number)"
)
_MANDATE = (
    "SELECT id, request_id, debtor, creditor, most, active, daily, last_day"
    " FROM mandates LEFT JOIN terms ON mandate_id = id"
    " WHERE id = :number OR request_id = :number"
)


class Ledger:
    """The bank's tables."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def accounts(self) -> list[Account]:
        """Every account."""
        rows = self._db.execute(f"{_ACCOUNTS} ORDER BY number")
        return [_account(row) for row in rows]

    def account(self, number: str) -> Account | None:
        """The account with this number."""
        row = self._db.execute(f"{_ACCOUNTS} WHERE number = ?", (number,)).fetchone()
        return _account(row) if row else None

    def put_account(self, account: Account) -> None:
        """Open an account or change it."""
        self._db.execute(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)",
            (account.number, account.name, int(account.balance * 100)),
        )
        self._db.execute("DELETE FROM closed WHERE number = ?", (account.number,))
        if account.closed:
            self._db.execute("INSERT INTO closed VALUES (?)", (account.number,))

    def open_account(self, side: Side) -> None:
        """Open an account of this holder, unless there is one."""
        if side.account and self.account(side.account) is None:
            self.put_account(Account(side.account, side.name, OPENING_BALANCE))

    def mandate(self, number: str) -> Mandate | None:
        """The mandate with this number: the bank's, or the one it was asked for under."""
        row = self._db.execute(_MANDATE, {"number": number}).fetchone()
        if row is None:
            return None
        mandate_id, request_id, debtor, creditor, most, active, daily, last_day = row
        return Mandate(
            mandate_id,
            request_id,
            Side(**json.loads(debtor)),
            Side(**json.loads(creditor)),
            Decimal(most) if most is not None else None,
            Decimal(daily) if daily is not None else None,
            date.fromisoformat(last_day) if last_day is not None else None,
            bool(active),
        )

    def put_mandate(self, mandate: Mandate) -> None:
        """Remember a mandate; the same number replaces it."""
        self._db.execute(
            "INSERT OR REPLACE INTO mandates VALUES (?, ?, ?, ?, ?, ?)",
            (
                mandate.id,
                mandate.request_id,
                json.dumps(asdict(mandate.debtor)),
                json.dumps(asdict(mandate.creditor)),
                None if mandate.most is None else str(mandate.most),
                int(mandate.active),
            ),
        )
        self._db.execute(
            "INSERT OR REPLACE INTO terms VALUES (?, ?, ?)",
            (
                mandate.id,
                None if mandate.daily is None else str(mandate.daily),
                None if mandate.last_day is None else mandate.last_day.isoformat(),
            ),
        )

    def cancel_mandate(self, mandate_id: str) -> None:
        """A cancelled mandate takes no more payments."""
        self._db.execute("UPDATE mandates SET active = 0 WHERE id = ?", (mandate_id,))

    def payment(self, payment_id: str) -> Result | None:
        """The result of an earlier payment."""
        query = "SELECT status, reason, rows FROM payments WHERE id = ?"
        found = self._db.execute(query, (payment_id,)).fetchone()
        if found is None:
            return None
        status, reason, rows = found
        return Result(
            payment_id, status, tuple(RowResult(*row) for row in json.loads(rows)), reason
        )

    def collected(self, ids: Iterable[str]) -> dict[str, str]:
        """Which of these premiums were collected before, with the bank's reference."""
        query = "SELECT id, reference FROM collected WHERE id = ?"
        found = (self._db.execute(query, (row,)).fetchone() for row in ids)
        return {row[0]: row[1] for row in found if row}

    def spent(self, mandate_ids: Iterable[str], day: date) -> dict[str, Decimal]:
        """What was debited by these mandates on a day, in yuan."""
        query = "SELECT sum(cents) FROM spent WHERE mandate_id = ? AND day = ?"
        return {
            number: Decimal(cents).scaleb(-2)
            for number in mandate_ids
            for (cents,) in self._db.execute(query, (number, day.isoformat()))
            if cents is not None
        }

    def put_unknown(self, result: Result) -> None:
        """Remember that a payment was told to be unknown: it will not be collected any more."""
        self._db.execute(
            "INSERT INTO payments VALUES (?, ?, ?, '[]')",
            (result.payment_id, result.status, result.reason),
        )

    def put_payment(self, request: CollectRequest, result: Result, account: str, day: date) -> None:
        """Remember a result and, when settled, debit what was not collected before.

        Raises sqlite3.IntegrityError rather than debit twice or below zero.
        """
        rows = json.dumps([(row.id, row.status, row.reference) for row in result.rows])
        self._db.execute(
            "INSERT INTO payments VALUES (?, ?, ?, ?)",
            (result.payment_id, result.status, result.reason, rows),
        )
        if result.status == SETTLED:
            self._debit(request, result, account, day)

    def _debit(self, request: CollectRequest, result: Result, account: str, day: date) -> None:
        done = self.collected(row.id for row in request.rows)
        references = {row.id: row.reference for row in result.rows}
        new = [row for row in request.rows if row.id not in done]
        self._db.executemany(
            "INSERT INTO collected VALUES (?, ?, ?)",
            [(row.id, result.payment_id, references[row.id]) for row in new],
        )
        cents = int(sum(row.amount for row in new) * 100)
        for number in {row.mandate_id for row in new}:
            share = int(sum(row.amount for row in new if row.mandate_id == number) * 100)
            entry = (result.payment_id, number, day.isoformat(), share)
            self._db.execute("INSERT INTO spent VALUES (?, ?, ?, ?)", entry)
        self._db.execute("UPDATE accounts SET cents = cents - ? WHERE number = ?", (cents, account))


def _account(row: tuple[str, str, int, int]) -> Account:
    number, name, cents, closed = row
    balance = Decimal(cents).scaleb(-2).quantize(Decimal("0.01"))
    return Account(number, name, balance, bool(closed))
