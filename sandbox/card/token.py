"""A PKCS#11 token of SoftHSM with a company's key and certificate: stands for a USB key.

The PIN is that of a made-up token and no secret; SoftHSM's tool takes it on its command line only.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
)
_TOOLS = {"softhsm2-util": "softhsm2", "pkcs11-tool": "opensc"}
_VARIABLE = "SOFTHSM2_CONF"
_ID = "01"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def module() -> Path | None:
    """SoftHSM's PKCS#11 module; None when it is not installed."""
    return next((path for path in _MODULES if path.exists()), None)


def lacks() -> list[str]:
    """The system packages that have to be installed first."""
    missing = {package for tool, package in _TOOLS.items() if not shutil.which(tool)}
    return sorted(missing if module() else missing | {"softhsm2"})


@dataclass(frozen=True)
class Drawer:
    """Where SoftHSM keeps tokens; a process that has `environment` finds them."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "Drawer":
        """An empty one: it offers one slot with a token that is not initialised."""
        (folder / "tokens").mkdir(parents=True)
        drawer = cls(folder)
        drawer.configuration.write_text(
            f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
            "log.level = ERROR\nslots.removable = false\n"
        )
        return drawer

    @property
    def configuration(self) -> Path:
        """SoftHSM's settings."""
        return self.folder / "softhsm2.conf"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find the tokens."""
        return {_VARIABLE: str(self.configuration)}

    def token(self, label: str, pin: str) -> None:
        """Initialise one more token, with nothing on it."""
        self._run("softhsm2-util", "--init-token", "--free", "--label", label, *_pins(pin))

    def put_key(self, label: str, pin: str, key: Key, id_: str = _ID) -> None:
        """Put a key pair on a token; `id_` in hexadecimal."""
        path = self.folder / "key.pem"
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        which = ("--token", label, "--label", "signature", "--id", id_, "--pin", pin)
        self._run("softhsm2-util", "--import", str(path), *which)
        path.unlink()

    def put_certificate(
        self, label: str, pin: str, certificate: x509.Certificate, id_: str = _ID
    ) -> None:
        """Put a certificate on a token; `id_` in hexadecimal, that of its key."""
        path = self.folder / "certificate.der"
        path.write_bytes(certificate.public_bytes(Encoding.DER))
        where = ("--module", str(module()), "--token-label", label, "--login", "--pin", pin)
        what = ("--write-object", str(path), "--type", "cert", "--id", id_)
        self._run("pkcs11-tool", *where, *what)

    def _run(self, *command: str) -> None:
        """Raises RuntimeError with what the tool said."""
        done = subprocess.run(  # noqa: S603 - our own command
            command, env={**os.environ, **self.environment}, capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {(done.stderr + done.stdout).decode()}")


def _pins(pin: str) -> tuple[str, ...]:
    return "--pin", pin, "--so-pin", pin
