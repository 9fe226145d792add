"""What the insurer keeps: agreements."""

import sqlite3

from libs.messages.kinds.agreement import CargoAgreementForm

TABLES = """
CREATE TABLE IF NOT EXISTS agreements (
    number TEXT PRIMARY KEY,
    form TEXT NOT NULL
);
"""


class Files:
    """The insurer's tables."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def keep_agreement(self, form: CargoAgreementForm) -> None:
        """Remember an agreement; a new one under the same number replaces it."""
        self._db.execute(
            "INSERT OR REPLACE INTO agreements VALUES (?, ?)",
            (form.header.agreement_no, form.model_dump_json()),
        )

    def agreement(self, number: str) -> CargoAgreementForm | None:
        """The agreement with this number."""
        found = self._db.execute(
            "SELECT form FROM agreements WHERE number = ?", (number,)
        ).fetchone()
        return CargoAgreementForm.model_validate_json(found[0], by_name=True) if found else None
