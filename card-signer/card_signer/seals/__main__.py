"""The process that reads PDFs: a file goes in, what it says comes out. No card is near it."""

import json
import os
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from card_signer.seals.apart import MEMORY_BYTES_MAX, SECONDS_MAX
from card_signer.seals.pages import refuse_what_changes, texts
from card_signer.seals.stamp import Place, signatures, stamped

if sys.platform != "win32":  # which has no such limits
    import resource

Asked = Mapping[str, Any]


def main() -> None:
    """Answer one question: JSON in, JSON out; {trouble} for a file that cannot be used."""
    _limit()
    asked: Asked = json.loads(sys.stdin.buffer.read())
    output = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is no answer
    try:
        answer = _DONE[asked["do"]](asked)
    except ValueError as error:
        answer = {"trouble": str(error) or "无法识别"}
    except Exception as error:  # noqa: BLE001 - hostile files: pypdf raises what it meets
        answer = {"trouble": f"无法识别（{type(error).__name__}）"}
    with os.fdopen(output, "w") as telling:
        json.dump(answer, telling)


def _stamped(asked: Asked) -> dict[str, object]:
    pdf = b64decode(asked["pdf"])
    reader = PdfReader(BytesIO(pdf))
    refuse_what_changes(reader)
    said = texts(reader)
    place = Place(**asked["place"])
    made = stamped(pdf, b64decode(asked["picture"]), place, asked["name"], asked["room"])
    return {"pages": said, "pdf": b64encode(made).decode()}


def _signatures(asked: Asked) -> dict[str, object]:
    return {"signatures": signatures(PdfReader(BytesIO(b64decode(asked["pdf"]))))}


_DONE: Mapping[str, Callable[[Asked], dict[str, object]]] = {
    "stamp": _stamped,
    "signatures": _signatures,
}


def _limit() -> None:
    if sys.platform == "win32":
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MAX, SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))


if __name__ == "__main__":
    main()
