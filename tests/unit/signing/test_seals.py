"""Seals of GB/T 38540: who may use one, when, on what; every changed byte is noticed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from hypothesis import given
from hypothesis import strategies as st

from libs.messages.parties import Role
from libs.signing.pki import Authority, Issued, Subject
from libs.signing.seals import Look, Seal, Sealed, SealError, made, sealed, structures
from libs.signing.seals.structures import CertificateDigest, SealedStructure, SealStructure
from libs.signing.sm2 import PrivateKey, sm3

HOLDER = Subject(Role.OPERATOR, "91310115MA1K4ABC05", "上海通达国际贸易有限公司", "李晓明", "C1")
MAKER = Subject(Role.SERVICE, "SEALS", "制章单位")
NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
YEAR = timedelta(days=365)
LOOK = Look(b"a picture")
CONTENT = b"what is sealed"


def reason(wrong: pytest.ExceptionInfo[SealError]) -> str:
    return wrong.value.reason


@pytest.fixture(scope="module", params=["p256", "rsa", "sm2"])
def pair(request: pytest.FixtureRequest) -> tuple[Issued, Issued]:
    """Who makes seals, and who has one: with keys of each suite."""
    authority = Authority.create()

    def issued(subject: Subject) -> Issued:
        return authority.issue(
            subject,
            key=PrivateKey.generate() if request.param == "sm2" else None,
            rsa_bits=2048 if request.param == "rsa" else None,
            since=NOW - YEAR,
        )

    return issued(MAKER), issued(HOLDER)


@pytest.fixture(scope="module")
def data(pair: tuple[Issued, Issued]) -> bytes:
    maker, holder = pair
    return made(
        maker.signer, "3101", "公章", [holder.signer.certificate], LOOK, (NOW - YEAR, NOW + YEAR)
    )


@pytest.fixture(scope="module")
def whole(pair: tuple[Issued, Issued], data: bytes) -> bytes:
    return sealed(Seal.read(data), CONTENT, "all", NOW, pair[1].signer)


def test_a_seal_says_whose_it_is_and_until_when(pair: tuple[Issued, Issued], data: bytes) -> None:
    maker, holder = pair
    seal = Seal.read(data)
    assert (seal.id, seal.name, seal.picture.data) == ("3101", "公章", LOOK.data)
    assert (seal.since, seal.until) == (NOW - YEAR, NOW + YEAR)
    assert seal.maker == maker.certificate
    assert seal.is_of(holder.signer.certificate)
    assert not seal.is_of(maker.signer.certificate)


def test_what_was_sealed_holds_for_that_content_only(
    pair: tuple[Issued, Issued], whole: bytes
) -> None:
    found = Sealed.read(whole)
    found.check(CONTENT)
    assert (found.at, found.covers, found.signer) == (NOW, "all", pair[1].certificate)
    with pytest.raises(SealError) as wrong:
        found.check(CONTENT + b".")
    assert reason(wrong) == "CONTENT"


def test_a_seal_is_used_by_its_holder_and_in_its_time_only(
    pair: tuple[Issued, Issued], data: bytes
) -> None:
    maker, holder = pair
    seal = Seal.read(data)
    for at in (NOW - 2 * YEAR, NOW + 2 * YEAR):
        with pytest.raises(SealError) as wrong:
            sealed(seal, CONTENT, "all", at, holder.signer)
        assert reason(wrong) == "TIME"
    with pytest.raises(SealError) as wrong:
        sealed(seal, CONTENT, "all", NOW, maker.signer)
    assert reason(wrong) == "HOLDER"


def test_what_someone_else_sealed_does_not_hold(
    pair: tuple[Issued, Issued], data: bytes, whole: bytes
) -> None:
    """Signed well, by the key of the certificate in it, which is not one of the seal's."""
    maker, _ = pair
    to_sign = structures.parsed(SealedStructure, whole).to_sign
    suite = maker.signer.suite
    theirs = SealedStructure(
        to_sign=to_sign,
        certificate=maker.signer.certificate,
        algorithm=suite.oid,
        signature=structures.bits(suite.wrapped(maker.signer.sign(structures.encoded(to_sign)))),
        timestamp=None,
    )
    with pytest.raises(SealError) as wrong:
        Sealed.read(structures.encoded(theirs))
    assert reason(wrong) == "HOLDER"


def test_a_seal_may_name_its_holders_by_digest(pair: tuple[Issued, Issued], data: bytes) -> None:
    maker, holder = pair
    for name, value, is_its in (
        ("SM3", sm3(holder.signer.certificate), True),
        ("sm3", sm3(holder.signer.certificate), True),
        ("SHA-256", sm3(holder.signer.certificate), False),
        ("MD5", sm3(holder.signer.certificate), False),
    ):
        seal = structures.parsed(SealStructure, data)
        digest = CertificateDigest(type=asn1.PrintableString(name), value=value)
        properties = replace(
            seal.info.properties, list_type=structures.DIGESTS, certificates=[digest]
        )
        info = replace(seal.info, properties=properties)
        suite = maker.signer.suite
        signature = suite.wrapped(maker.signer.sign(structures.encoded(info)))
        again = replace(seal, info=info, signature=structures.bits(signature))
        assert Seal.read(structures.encoded(again)).is_of(holder.signer.certificate) is is_its


def test_an_algorithm_that_is_not_the_keys_is_refused(data: bytes) -> None:
    seal = structures.parsed(SealStructure, data)
    other = replace(seal, algorithm=x509.ObjectIdentifier("1.2.840.10045.4.3.1"))
    with pytest.raises(SealError) as wrong:
        Seal.read(structures.encoded(other))
    assert reason(wrong) == "SIGNATURE"


@pytest.mark.parametrize("bad", [b"", b"\x30", b"\x30\x00", b"\x30\x80\x00\x00", bytes(300_000)])
def test_nonsense_is_no_seal(bad: bytes) -> None:
    for read in (Seal.read, Sealed.read):
        with pytest.raises(SealError) as wrong:
            read(bad)
        assert reason(wrong) == "FORMAT"


def test_no_bytes_behind_it(data: bytes, whole: bytes) -> None:
    for read, good in ((Seal.read, data), (Sealed.read, whole)):
        with pytest.raises(SealError):
            read(good + b"\0")


@given(where=st.integers(min_value=0, max_value=10_000), bit=st.integers(min_value=0, max_value=7))
def test_every_bit_counts(whole: bytes, where: int, bit: int) -> None:
    changed = bytearray(whole)
    changed[where % len(whole)] ^= 1 << bit
    with pytest.raises(SealError):
        Sealed.read(bytes(changed)).check(CONTENT)


def test_what_is_signed_for_a_seal_is_never_a_text(whole: bytes) -> None:
    """So no page has it signed as one: it is more than 127 bytes, whose length is no UTF-8."""
    to_sign = structures.encoded(structures.parsed(SealedStructure, whole).to_sign)
    with pytest.raises(UnicodeDecodeError):
        to_sign.decode()
