"""Seals as another implementation has them: OpenSSL takes them apart and verifies both."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from libs.signing.pki import Authority
from libs.signing.seals import Look, Seal, made, sealed
from libs.signing.sm2 import PrivateKey, sm3
from libs.signing.sm2_x509 import key_info
from tests.support.people import OPERATOR

ID = "distid:1234567812345678"
_LINE = re.compile(r"\s*(\d+):d=(\d+)\s+hl=(\d+)\s+l=\s*(\d+)\s+\w+:\s+([A-Z ]*[A-Z])")


def run(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def parts(folder: Path, name: str) -> list[tuple[int, int, str]]:
    """Offset, length, type of what stands at the first depth of a file."""
    told = run(folder, "asn1parse", "-inform", "DER", "-in", name).decode().splitlines()
    found = [match.groups() for line in told if (match := _LINE.match(line))]
    return [
        (int(offset), int(head) + int(length), kind)
        for offset, depth, head, length, kind in found
        if depth == "1"
    ]


def verify(folder: Path, name: str, key: PrivateKey) -> None:
    """The first part of a file is signed by the fourth with this key; the third is SM2 with SM3."""
    whole = (folder / name).read_bytes()
    (at, length, _), certificate, algorithm, (signature_at, signature_length, _) = parts(
        folder, name
    )[:4]
    assert [certificate[2], algorithm[2]] == ["OCTET STRING", "OBJECT"]
    (folder / "content").write_bytes(whole[at : at + length])
    signature = whole[signature_at : signature_at + signature_length]
    (folder / "signature").write_bytes(signature[signature.index(b"\0") + 1 :])
    (folder / "key.der").write_bytes(key_info(key.public))
    run(folder, "pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-out", "key.pem", "-pubout")
    options = ("-verify", "key.pem", "-sigopt", ID, "-signature", "signature", "content")
    assert run(folder, "dgst", "-sm3", *options) == b"Verified OK\n"


def test_openssl_takes_a_seal_and_what_was_sealed_apart_and_verifies_both(tmp_path: Path) -> None:
    try:
        run(tmp_path, "genpkey", "-algorithm", "SM2")
    except (OSError, AssertionError):
        pytest.skip("the openssl command is not installed, or was built without SM2")
    authority = Authority.create(key=PrivateKey.generate())
    maker = authority.issue(OPERATOR, key=PrivateKey.generate())
    holder = authority.issue(OPERATOR, key=PrivateKey.generate())
    now = datetime.now(UTC)
    valid = (now - timedelta(days=1), now + timedelta(days=1))
    seal = made(maker.signer, "3101", "公章", [holder.signer.certificate], Look(b"picture"), valid)
    whole = sealed(Seal.read(seal), b"content", "all", now, holder.signer)
    (tmp_path / "seal").write_bytes(seal)
    (tmp_path / "sealed").write_bytes(whole)
    verify(tmp_path, "seal", maker.key)
    verify(tmp_path, "sealed", holder.key)
    told = run(tmp_path, "asn1parse", "-inform", "DER", "-in", "sealed").decode()
    for expected in ("IA5STRING         :ES", "UTF8STRING        :公章", "OBJECT            :SM2"):
        assert expected in told
    assert sm3(b"content") in whole
