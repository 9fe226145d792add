"""Have a PDF read in a process of its own: a file that breaks its reader breaks nothing else."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from card_signer.children import command, surroundings
from card_signer.troubles import Trouble

SECONDS_MAX = 15
MEMORY_BYTES_MAX = 1024 * 1024 * 1024
_COMMAND = command("card_signer.seals")


def told_of(do: str, pdf: bytes, **more: object) -> Mapping[str, Any]:
    """What the process makes of a file. Raises Trouble PDF."""
    asked = json.dumps({"do": do, "pdf": b64encode(pdf).decode(), **more}).encode()
    try:
        done = subprocess.run(  # noqa: S603 - this program's own module
            _COMMAND,
            input=asked,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=True,
            **surroundings(),
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise Trouble("PDF", what=f"{SECONDS_MAX}秒内无法读完") from None
    except (subprocess.CalledProcessError, ValueError, OSError):
        raise Trouble("PDF", what="读取时出错") from None
    if "trouble" in answer:
        raise Trouble("PDF", what=answer["trouble"])
    return dict(answer)
