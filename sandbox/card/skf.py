"""A token with a library of GM/T 0016 (SKF): built from skf_token.c, with OpenSSL's SM2."""

import ctypes
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libs.signing.pki import Issued

SOURCE = Path(__file__).with_name("skf_token.c")
_INCLUDES = "#include <openssl/evp.h>\n"


def lacks() -> list[str]:
    """What has to be installed before it can be built."""
    compiler = shutil.which("cc")
    if compiler is None:
        return ["a C compiler (cc)"]
    looked = subprocess.run(  # noqa: S603 - what `which` found
        [compiler, "-fsyntax-only", "-xc", "-"],
        input=_INCLUDES,
        text=True,
        capture_output=True,
        check=False,
    )
    return ["the headers of OpenSSL (libssl-dev)"] if looked.returncode else []


def build(folder: Path, ulong: str = "unsigned int") -> Path:
    """The token's library with this C type as ULONG. Raises CalledProcessError."""
    path = folder / "libtoken.so"
    options = ["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", f"-DULONG={ulong}"]
    compiler = shutil.which("cc") or "cc"
    subprocess.run(  # noqa: S603 - what `which` found
        [compiler, *options, "-o", path, SOURCE, "-lcrypto"], check=True
    )
    return path


@dataclass(frozen=True)
class Token:
    """The built library as a test handles it."""

    path: Path

    def __getattr__(self, name: str) -> Any:  # ctypes knows no signatures
        return getattr(ctypes.CDLL(str(self.path)), f"token_{name}")

    def insert(self, issued: Issued, pin: str) -> None:
        """A new token with this key, certificate and PIN, all tries left, honest."""
        certificate = issued.signer.certificate
        self.make(issued.key_pem(), certificate, len(certificate), pin.encode())
        if not self.has_key():
            raise RuntimeError("the token took no key")

    def will(self, lie: str) -> None:
        """It does this wrong from now on."""
        self.lie(lie.encode())

    def pull_before(self, call: str) -> None:
        """It is taken out before this call."""
        self.pull(call.encode())
