"""The tests' own SKF token: built from skf_token.c, with OpenSSL's SM2."""

import ctypes
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from libs.signing.pki import Issued

SOURCE = Path(__file__).with_name("skf_token.c")
_INCLUDES = "#include <openssl/evp.h>\n"


def built(folder: Path, ulong: str) -> Path:
    """The token's library with this C type as ULONG; skips where it cannot be built."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc): the SKF token of the tests cannot be built")
    looked = subprocess.run(
        [compiler, "-fsyntax-only", "-xc", "-"],
        input=_INCLUDES,
        text=True,
        capture_output=True,
        check=False,
    )
    if looked.returncode:
        pytest.skip("no headers of OpenSSL (libssl-dev): the SKF token cannot be built")
    path = folder / "libtoken.so"
    options = ["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", f"-DULONG={ulong}"]
    subprocess.run([compiler, *options, "-o", path, SOURCE, "-lcrypto"], check=True)
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
        assert self.has_key()

    def will(self, lie: str) -> None:
        """It does this wrong from now on."""
        self.lie(lie.encode())

    def pull_before(self, call: str) -> None:
        """It is taken out before this call."""
        self.pull(call.encode())
