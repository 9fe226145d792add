"""What is sealed on a PDF, and whether it still holds.

Who issued the certificates and whether they were revoked is for servers to judge, as it is for
other signatures that pages have checked here.
"""

from collections.abc import Mapping

from cryptography.x509.oid import NameOID

from card_signer.seals.apart import told_of
from card_signer.seals.ranges import FORMAT, read
from card_signer.seals.sealing import PDF_BYTES_MAX
from card_signer.seals.shelf import Shelf, broken, name_in
from card_signer.troubles import Trouble
from libs.signing.seals import Sealed, SealError

SEALED_BYTES_MAX = PDF_BYTES_MAX + PDF_BYTES_MAX // 2  # with its seals


def verified(pdf: bytes, shelf: Shelf) -> list[Mapping[str, object]]:
    """Each seal on the file: {name, id, company, person, at, whole}.

    `whole`: it covers the file as it is; false for all but the last when several follow each other.
    Raises Trouble NOT_SEALED, PDF, TOO_LARGE, SEAL_…; SEAL_CONTENT also when something follows the
    last seal.
    """
    if len(pdf) > SEALED_BYTES_MAX:
        raise Trouble("TOO_LARGE", limit=SEALED_BYTES_MAX)
    found = told_of("signatures", pdf)["signatures"]
    if not found:
        raise Trouble("NOT_SEALED")
    marks = [_mark(pdf, each, shelf) for each in found]
    if not any(mark["whole"] for mark in marks):
        raise Trouble("SEAL_CONTENT")
    return marks


def _mark(pdf: bytes, found: Mapping[str, object], shelf: Shelf) -> Mapping[str, object]:
    ranges, contents = found["range"], found["contents"]
    try:
        if found["format"] != FORMAT or not isinstance(ranges, list):
            raise SealError("FORMAT", "a signature of another kind")
        signed, data = read(pdf, ranges, bytes.fromhex(str(contents)))
        sealed = Sealed.read(data)
        sealed.check(signed.of(pdf))
    except SealError as error:
        raise broken(error) from None
    shelf.check_maker(sealed.seal)
    subject = sealed.signer.subject
    return {
        "name": sealed.seal.name,
        "id": sealed.seal.id,
        "company": name_in(subject, NameOID.ORGANIZATION_NAME),
        "person": name_in(subject, NameOID.COMMON_NAME),
        "at": f"{sealed.at.astimezone():%Y-%m-%d %H:%M:%S}",
        "whole": signed.end == len(pdf),
    }
