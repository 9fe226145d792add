"""Encrypted PKCS#8 (PBES2 with PBKDF2, RFC 8018), for keys that `cryptography` cannot hold.

Reads what OpenSSL and GmSSL write; writes what OpenSSL reads.
"""

import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from libs.signing import der

_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_PBKDF2 = bytes.fromhex("06092a864886f70d01050c")
_HMAC_SHA1 = bytes.fromhex("06082a864886f70d0207")
_HMAC_SHA256 = bytes.fromhex("06082a864886f70d0209")
_HMAC_SM3 = bytes.fromhex("06092a811ccf5501831102")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")

_HASHES: dict[bytes, type[HashAlgorithm]] = {
    _HMAC_SHA1: SHA1,  # the standard's default
    _HMAC_SHA256: SHA256,
    _HMAC_SM3: SM3,
}
# cipher and bytes of its key
_CIPHERS: dict[bytes, tuple[type[AES | SM4], int]] = {
    bytes.fromhex("0609608648016503040102"): (AES, 16),
    _AES_256_CBC: (AES, 32),
    bytes.fromhex("06082a811ccf55016802"): (SM4, 16),
}
_BLOCK_BITS = 128
_BLOCK_BYTES = _BLOCK_BITS // 8
_SALT_BYTES = 16
_ROUNDS, _ROUNDS_MAX = 20_000, 10_000_000
_NULL = der.encoded(der.NULL)


def decrypted(data: bytes, password: bytes) -> bytes:
    """What is inside an EncryptedPrivateKeyInfo. Raises ValueError."""
    try:
        algorithm, secret = der.parts(data)
        scheme, parameters = der.parts(algorithm)
        derivation, encryption = der.parts(parameters)
        cipher, vector = der.parts(encryption)
        function, how = der.parts(derivation)
        salt, rounds, *more = der.parts(how)
    except ValueError:
        raise ValueError("not an encrypted private key (PBES2)") from None
    if (scheme, function) != (_PBES2, _PBKDF2) or cipher not in _CIPHERS:
        raise ValueError("the private key is encrypted in a way that is not known here")
    if not 0 < der.number(rounds) <= _ROUNDS_MAX:
        raise ValueError(f"the private key's password is hashed more than {_ROUNDS_MAX} times")
    key = _derived(
        password,
        der.content(salt, der.OCTET_STRING),
        der.number(rounds),
        _hash(more),
        _CIPHERS[cipher][1],
    )
    return _unpadded(
        cipher, key, der.content(vector, der.OCTET_STRING), der.content(secret, der.OCTET_STRING)
    )


def encrypted(data: bytes, password: bytes) -> bytes:
    """An EncryptedPrivateKeyInfo: AES-256-CBC, PBKDF2 with HMAC-SHA-256."""
    salt, vector = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_BLOCK_BYTES)
    key = _derived(password, salt, _ROUNDS, SHA256(), _CIPHERS[_AES_256_CBC][1])
    padding = PKCS7(_BLOCK_BITS).padder()
    encryptor = Cipher(AES(key), CBC(vector)).encryptor()
    secret = encryptor.update(padding.update(data) + padding.finalize()) + encryptor.finalize()
    how = _sequence(
        der.encoded(der.OCTET_STRING, salt),
        der.encoded_number(_ROUNDS),
        _sequence(_HMAC_SHA256, _NULL),
    )
    encryption = _sequence(_AES_256_CBC, der.encoded(der.OCTET_STRING, vector))
    parameters = _sequence(_sequence(_PBKDF2, how), encryption)
    return _sequence(_sequence(_PBES2, parameters), der.encoded(der.OCTET_STRING, secret))


def _hash(more: list[bytes]) -> HashAlgorithm:
    """The hash that the derivation names, after a key's length that it may name too."""
    if more and more[0][0] == der.INTEGER:
        more = more[1:]
    name, *_ = der.parts(more[0]) if more else [_HMAC_SHA1]
    if name not in _HASHES:
        raise ValueError("the private key's password is hashed in a way that is not known here")
    return _HASHES[name]()


def _derived(
    password: bytes, salt: bytes, rounds: int, algorithm: HashAlgorithm, length: int
) -> bytes:
    return PBKDF2HMAC(algorithm, length, salt, rounds).derive(password)


def _unpadded(cipher: bytes, key: bytes, vector: bytes, secret: bytes) -> bytes:
    decryptor = Cipher(_CIPHERS[cipher][0](key), CBC(vector)).decryptor()
    unpadding = PKCS7(_BLOCK_BITS).unpadder()
    try:
        padded = decryptor.update(secret) + decryptor.finalize()
        return unpadding.update(padded) + unpadding.finalize()
    except ValueError:
        raise ValueError("Incorrect password, could not decrypt key") from None


def _sequence(*inside: bytes) -> bytes:
    return der.encoded(der.SEQUENCE, *inside)
