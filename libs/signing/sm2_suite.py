"""The suite of China's own algorithms: SM2 signatures over SM3.

In XML names and shape are customs' (202205 format, chapter 6). JWS has none that is registered:
`SM2-SM3` is this project's own proposal.
"""

from libs.signing import sm2_keys, sm2_x509
from libs.signing.profile import CUSTOMS
from libs.signing.sm2 import PrivateKey, PublicKey, sm3
from libs.signing.suite import Suite

_CUSTOMS = "http://www.chinaport.gov.cn/2022/04/xmldsig#"


def _is_sm2(key: object) -> bool:
    return isinstance(key, PublicKey | PrivateKey)


def _sign(key: object, data: bytes) -> bytes:
    return _private(key).sign(data)


def _verify(key: object, signature: bytes, data: bytes) -> bool:
    return isinstance(key, PublicKey) and key.verify(signature, data)


def _write(key: object, password: bytes | None) -> bytes:
    return sm2_keys.write(_private(key), password)


def _key_info(key: object) -> bytes:
    return sm2_x509.key_info(key if isinstance(key, PublicKey) else _private(key).public)


def _private(key: object) -> PrivateKey:
    assert isinstance(key, PrivateKey)  # noqa: S101 - `suite_of` chose the suite
    return key


SM2 = Suite(
    "sm2-sm3",
    "SM2",
    f"{_CUSTOMS}sm2-sm3",
    f"{_CUSTOMS}sm3",
    "SM2-SM3",
    sm2_x509.SIGNATURE_ALGORITHM,
    sm2_x509.SIGNATURE_OID,
    "SM3",
    sm3,
    _is_sm2,
    _sign,
    _verify,
    key_of=sm2_x509.key_of,
    vouches=sm2_x509.vouches,
    read=sm2_keys.read,
    write=_write,
    key_info=_key_info,
    shape=CUSTOMS,
    wrapped=sm2_x509.wrapped,
    unwrapped=sm2_x509.raw,
)
