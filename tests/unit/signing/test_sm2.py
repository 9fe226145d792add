"""SM2 itself: the standard's own example, signatures and keys that are none, keys in files."""

import base64
import secrets

import pytest

from libs.signing import der, pbes2, sm2_keys, sm2_x509
from libs.signing.sm2 import OFTEN, ORDER, PrivateKey, PublicKey, sm3
from libs.signing.suites import read_private_key, write_private_key

PASSWORD = b"246802"
# GM/T 0003.5-2012, annex A.2
DATA = b"message digest"
NUMBER = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
ONCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
POINT = bytes.fromhex(
    "04"
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
DIGEST = bytes.fromhex("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640")
SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return PrivateKey(NUMBER)


def test_sm3_of_the_standard() -> None:
    """GB/T 32905, annex A."""
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_the_standards_example(key: PrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    assert key.public.point == POINT
    assert key.public.digest(DATA) == DIGEST
    assert key.public.verify(SIGNATURE, DATA)
    monkeypatch.setattr(secrets, "randbelow", lambda _: ONCE - 1)
    assert key.sign(DATA) == SIGNATURE


def test_each_signature_is_another(key: PrivateKey) -> None:
    first, second = key.sign(DATA), key.sign(DATA)
    assert first[:32] != second[:32]
    assert all(key.public.verify(each, DATA) for each in (first, second))


def test_a_key_that_comes_again_and_again_verifies_as_at_first(key: PrivateKey) -> None:
    good = key.sign(b"x")
    bad = bytes([good[0] ^ 1]) + good[1:]
    told = [
        (key.public.verify(good, b"x"), key.public.verify(good, b"y"), key.public.verify(bad, b"x"))
        for _ in range(OFTEN)
    ]
    assert set(told) == {(True, False, False)}


@pytest.mark.parametrize("number", [1, 2, ORDER - 3, ORDER - 2])
def test_keys_at_the_edge_sign(number: int) -> None:
    key = PrivateKey(number)
    assert key.public.verify(key.sign(DATA), DATA)


@pytest.mark.parametrize("number", [-1, 0, ORDER - 1, ORDER, 1 << 256])
def test_numbers_that_are_no_keys_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="private key"):
        PrivateKey(number)


def number(half: int) -> bytes:
    return half.to_bytes(32, "big")


BAD_SIGNATURES = {
    "empty": b"",
    "one short": SIGNATURE[:-1],
    "one too many": SIGNATURE + b"\0",
    "zeros": bytes(64),
    "r is zero": bytes(32) + SIGNATURE[32:],
    "s is zero": SIGNATURE[:32] + bytes(32),
    "r beyond the order": b"\xff" * 32 + SIGNATURE[32:],
    "r is the order": number(ORDER) + SIGNATURE[32:],
    "s is the order": SIGNATURE[:32] + number(ORDER),
    "r and s make the order": number(ORDER - 1) + number(1),
    "halves the other way": SIGNATURE[32:] + SIGNATURE[:32],
    "DER": sm2_x509.wrapped(SIGNATURE),
}


@pytest.mark.parametrize("signature", BAD_SIGNATURES.values(), ids=BAD_SIGNATURES)
def test_signatures_that_are_none_do_not_verify(key: PrivateKey, signature: bytes) -> None:
    assert not key.public.verify(signature, DATA)


OUT_OF_RANGE = {"r is zero": (0, 5), "s is zero": (5, 0), "s beyond the order": (5, 7 + ORDER)}


@pytest.mark.parametrize(("r", "s"), OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
def test_numbers_out_of_range_are_refused_where_all_else_fits(
    key: PrivateKey, monkeypatch: pytest.MonkeyPatch, r: int, s: int
) -> None:
    """Nobody can find data with such a digest; here the digest is made to fit."""

    def judged(r: int, s: int) -> bool:
        x = PrivateKey((s + (r + s) * NUMBER) % ORDER).public.x
        fitting = number((r - x) % ORDER)
        monkeypatch.setattr(PublicKey, "digest", lambda *_: fitting)
        return key.public.verify(number(r) + number(s), DATA)

    assert judged(5, 7)
    assert not judged(r, s)


BAD_POINTS = {
    "empty": b"",
    "infinity": b"\0",
    "compressed": b"\2" + POINT[1:33],
    "raw": POINT[1:],
    "hybrid": b"\7" + POINT[1:],
    "cut off": POINT[:-1],
    "too long": POINT + b"\0",
    "off the curve": POINT[:-1] + b"\0",
    "zeros": b"\4" + bytes(64),
    "beyond the field": b"\4" + b"\xff" * 64,
}


@pytest.mark.parametrize("point", BAD_POINTS.values(), ids=BAD_POINTS)
def test_points_that_are_no_keys_are_refused(point: bytes) -> None:
    with pytest.raises(ValueError, match="SM2"):
        PublicKey.from_point(point)


def test_a_key_does_not_show_itself(key: PrivateKey) -> None:
    assert str(NUMBER) not in repr(key)


# keys in files


@pytest.mark.parametrize("password", [None, PASSWORD])
def test_a_key_comes_back_from_its_file(key: PrivateKey, password: bytes | None) -> None:
    pem = write_private_key(key, password)
    assert read_private_key(pem, password) == key
    assert (b"ENCRYPTED" in pem) is (password is not None)
    assert all(len(line) <= 64 for line in pem.splitlines())


def test_the_same_key_is_never_encrypted_the_same_way_twice(key: PrivateKey) -> None:
    assert write_private_key(key, PASSWORD) != write_private_key(key, PASSWORD)


def test_passwords_too_few_too_many_and_wrong_are_told(key: PrivateKey) -> None:
    plain, encrypted = write_private_key(key), write_private_key(key, PASSWORD)
    with pytest.raises(TypeError, match="not encrypted"):
        read_private_key(plain, PASSWORD)
    with pytest.raises(TypeError, match="not given"):
        read_private_key(encrypted)
    for wrong in (b"246803", PASSWORD * 2):
        with pytest.raises(ValueError, match=r"\w"):  # one in 256 is unpadded, and is then no key
            read_private_key(encrypted, wrong)


def changed(pem: bytes, old: bytes, new: bytes) -> bytes:
    """A key file with other bytes in what is encoded."""
    block = sm2_keys._BLOCK.search(pem)
    assert block is not None
    data = base64.b64decode(block[2])
    assert old in data
    text = base64.b64encode(data.replace(old, new, 1))
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (block[1], text, block[1])


OF_P256 = bytes.fromhex("06082a8648ce3d030107")
OF_SM2 = bytes.fromhex("06082a811ccf5501822d")
BAD_FILES: dict[str, tuple[bytes, bytes]] = {
    "a P-256 key's name": (OF_SM2, OF_P256),
    "another version": (b"\x02\x01\x00\x30", b"\x02\x01\x05\x30"),
    "another version inside": (b"\x02\x01\x01\x04", b"\x02\x01\x02\x04"),
    "the number zero": (number(NUMBER), bytes(32)),
    "the order": (number(NUMBER), number(ORDER)),
    "another number": (number(NUMBER), number(NUMBER - 1)),
    "another point": (POINT, POINT[:-1] + b"\0"),
    "a length beyond the end": (b"\x30\x81\x87", b"\x30\x81\xf7"),
    "an indefinite length": (b"\x30\x81\x87", b"\x30\x80\x87"),
}


@pytest.mark.parametrize(("old", "new"), BAD_FILES.values(), ids=BAD_FILES)
def test_files_that_hold_no_key_are_refused(key: PrivateKey, old: bytes, new: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        sm2_keys.read(changed(write_private_key(key), old, new), None)


AES_256 = bytes.fromhex("060960864801650304012a")
HMAC_SHA256 = bytes.fromhex("06082a864886f70d0209")
ROUNDS = bytes.fromhex("02024e20")
BAD_ENCRYPTIONS: dict[str, tuple[bytes, bytes]] = {
    "another cipher": (AES_256, AES_256[:-1] + b"\x2b"),
    "another hash": (HMAC_SHA256, HMAC_SHA256[:-1] + b"\x0b"),
    "a hash without a name": (b"\x30\x0c" + HMAC_SHA256, b"\x30\x00" + HMAC_SHA256),
    "another scheme": (bytes.fromhex("2a864886f70d01050d"), bytes.fromhex("2a864886f70d01050e")),
    "no rounds": (ROUNDS, b"\x02\x02\x00\x00"),
    "rounds below zero": (ROUNDS, b"\x02\x02\xff\x00"),
    "no vector": (b"\x04\x10", b"\x04\x00"),
}


@pytest.mark.parametrize(("old", "new"), BAD_ENCRYPTIONS.values(), ids=BAD_ENCRYPTIONS)
def test_encryptions_that_are_not_known_are_refused(
    key: PrivateKey, old: bytes, new: bytes
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        sm2_keys.read(changed(write_private_key(key, PASSWORD), old, new), PASSWORD)


def test_a_password_is_not_hashed_for_ever(key: PrivateKey) -> None:
    data = pbes2.encrypted(b"x", PASSWORD)
    longer = der.encoded_number(1 << 40)
    grown = data.replace(ROUNDS, longer)
    with pytest.raises(ValueError, match=r"DER|PBES2|times"):
        pbes2.decrypted(grown, PASSWORD)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\n====\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMAA=\n",
        b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
    ],
)
def test_what_is_no_key_file_is_refused(pem: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_private_key(pem)
