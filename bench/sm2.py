"""SM2 beside GmSSL and P-256: `python -m bench.sm2`. The figures of docs/decisions/0022.

One core, all in turn, 32 bytes each; P-256 is `cryptography`'s. Ours verifies with one key again
and again, and with more keys than it remembers. Without gmssl-pyx (its wheels are for x86_64) GmSSL
is left out. No targets: it says what pure Python costs.
"""

import sys
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import cycle
from os import urandom

from cryptography.hazmat.primitives.asymmetric import ec

from bench.harness import Work, compare
from bench.machine import machine
from libs.signing.ecdsa_rsa import P256
from libs.signing.sm2 import KEYS_MAX, PrivateKey
from libs.signing.sm2_x509 import wrapped

DATA = urandom(32)


def main() -> int:
    """Print operations a second."""
    key = PrivateKey.generate()
    sides: Mapping[str, tuple[Work, Work]] = {
        "ours, each key new": _new_keys(),
        **_gmssl(key),
        "cryptography, P-256": _p256(),
    }
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


def _new_keys() -> tuple[Work, Work]:
    many = [PrivateKey.generate() for _ in range(2 * KEYS_MAX)]
    keys, signed = cycle(many), cycle([(key.public, key.sign(DATA)) for key in many])

    def verify() -> None:
        public, signature = next(signed)
        public.verify(signature, DATA)

    return lambda: next(keys).sign(DATA), verify


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
