"""Document numbers: prefix, date, ten random characters (50 bits). Chosen by the opener."""

import secrets
from datetime import date

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32
_RANDOM_CHARACTERS = 10

BOOKING = "YY"
PROPOSAL = "TB"
DEBIT_AGREEMENT = "SQ"
PAYMENT = "JF"


def new_number(prefix: str, today: date) -> str:
    """A fresh number, e.g. `TB20261123K7Q2M9XD4P`."""
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))
    return f"{prefix}{today:%Y%m%d}{tail}"


def pattern(prefix: str) -> str:
    """The regular expression of numbers with `prefix`."""
    return rf"^{prefix}\d{{8}}[{_ALPHABET}]{{{_RANDOM_CHARACTERS}}}$"
