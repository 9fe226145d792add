"""The program as a process of its own, in a home of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from card_signer.pin import Pin
from card_signer.software import write
from libs.signing.pki import Issued
from tests.card.conftest import PIN

_KEPT = ("LANG", "DISPLAY", "SYSTEMROOT")


@dataclass
class Program:
    """A home, and the settings that the environment gives."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    path: str = os.environ["PATH"]

    @property
    def state(self) -> Path:
        return self.home / "state"

    def environment(self) -> dict[str, str]:
        given = {"CARD_SIGNER_STATE": str(self.state), "CARD_SIGNER_READERS": "false"}
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        known = os.pathsep.join(each for each in sys.path if each)
        own = {f"CARD_SIGNER_{name.upper()}": value for name, value in self.settings.items()}
        wide = {"COLUMNS": "300", "PYTHONIOENCODING": "utf-8", "PATH": self.path}
        return {**kept, **wide, "HOME": str(self.home), "PYTHONPATH": known, **given, **own}

    def run(self, *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def software_card(self, issued: Issued) -> None:
        """There is one, with the PIN of the tests."""
        folder = self.home / "cards"
        folder.mkdir(exist_ok=True)
        key = load_pem_private_key(issued.key_pem(), None)
        certificate = x509.load_pem_x509_certificate(issued.certificate_pem())
        with Pin.typed(PIN) as pin:
            write(folder / "one.card", key, certificate, pin)
        self.settings["cards"] = str(folder)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "card_signer", *arguments]
