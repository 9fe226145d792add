"""SM2 beside GmSSL and P-256: `python -m bench.sm2`. The figures of docs/decisions/0022.

One core, the three in turn, 32 bytes each; P-256 is `cryptography`'s. Without gmssl-pyx (its
wheels are for x86_64) GmSSL is left out. No targets: it says what pure Python costs.
"""

import sys
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from os import urandom

from cryptography.hazmat.primitives.asymmetric import ec

from bench.harness import Work, compare
from bench.machine import machine
from libs.signing.ecdsa_rsa import P256
from libs.signing.sm2 import PrivateKey
from libs.signing.sm2_x509 import wrapped

DATA = urandom(32)


def main() -> int:
    """Print operations a second."""
    key = PrivateKey.generate()
    sides: Mapping[str, tuple[Work, Work]] = {**_gmssl(key), "cryptography, P-256": _p256()}
    ours = partial(key.sign, DATA), partial(key.public.verify, key.sign(DATA), DATA)
    told = machine()
    sys.stdout.write(f"{told['processor']}, Python {told['python']}, {told['measured']}\n")
    for place, name in enumerate(("sign", "verify")):
        result = compare(
            name, ours[place], {side: (works[place], 0) for side, works in sides.items()}
        )
        sys.stdout.write(f"{name}\tours, SM2\t{result.value:,.0f}/s\n")
        for row in result.reference:
            sys.stdout.write(f"{name}\t{row.name}\t{row.value:,.0f}/s\tours/theirs {row.ratio}\n")
    return 0


def _gmssl(key: PrivateKey) -> dict[str, tuple[Work, Work]]:
    if find_spec("gmssl_pyx") is None:
        return {}
    gmssl = import_module("gmssl_pyx")
    number, point = key.number.to_bytes(32, "big"), key.public.point[1:]
    sign = partial(gmssl.sm2_sign, number, point, DATA)
    return {"GmSSL, SM2": (sign, partial(gmssl.sm2_verify, point, DATA, wrapped(key.sign(DATA))))}


def _p256() -> tuple[Work, Work]:
    key = ec.generate_private_key(ec.SECP256R1())
    signature = P256.sign(key, DATA)
    return partial(P256.sign, key, DATA), partial(P256.verify, key.public_key(), signature, DATA)


if __name__ == "__main__":
    sys.exit(main())
