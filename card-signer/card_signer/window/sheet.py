"""A question on its way to the window, and the answer on its way back."""

import json
from dataclasses import asdict, replace

from card_signer.consent import Question
from card_signer.lines import Line

PIN = b"="  # comes before the PIN of a user who agrees; other answers are a trouble's code
ANSWER_BYTES_MAX = 128  # a PIN is far shorter; what is longer is none
CODES = frozenset({"CANCELLED", "LAST_TRY", "NO_ANSWER", "NO_SCREEN"})


def written(question: Question, seconds: float) -> bytes:
    """One line of JSON."""
    return json.dumps({"question": asdict(question), "seconds": seconds}).encode() + b"\n"


def read(line: bytes) -> tuple[Question, float]:
    """The question, and the seconds that the user has."""
    told = json.loads(line)
    question = Question(**told["question"])
    lines = tuple(Line(**each) for each in told["question"]["lines"])
    return replace(question, lines=lines, notes=tuple(question.notes)), float(told["seconds"])
