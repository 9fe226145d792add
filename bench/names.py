"""Every benchmark by name, in the order in which all are run: quick ones first."""

from collections.abc import Callable
from importlib import import_module

from bench.harness import Result

NAMES = {
    "verify": "bench.signatures:verify_bench",
    "sign": "bench.signatures:sign_bench",
    "codec": "bench.codec:codec_bench",
    "policy": "bench.policy:policy_bench",
    "relay": "bench.relay:relay_bench",
    "rebuild": "bench.rebuild:rebuild_bench",
    "flows": "bench.flows:flows_bench",
    "latency": "bench.flows:latency_bench",
    "idle": "bench.idle:idle_bench",
}
# of the card signer, which has an environment of its own: `make bench-card`
CARD_NAMES = {
    "card-pcsc": "bench.card.benches:pcsc_bench",
    "card-pkcs11": "bench.card.benches:pkcs11_bench",
    "card-skf": "bench.card.benches:skf_bench",
    "card-software": "bench.card.benches:software_bench",
    "card-door": "bench.card.door:door_bench",
}
_GROUPS = {None: tuple(NAMES), "card": tuple(CARD_NAMES)}


def chosen(name: str | None) -> tuple[str, ...]:
    """The benchmarks that a name stands for; none for a name that is unknown."""
    if name in _GROUPS:
        return _GROUPS[name]
    return (name,) if name in NAMES or name in CARD_NAMES else ()


def load(name: str) -> Callable[[], Result]:
    """The benchmark `name`. Raises KeyError; ModuleNotFoundError when a reference is missing."""
    module, _, function = {**NAMES, **CARD_NAMES}[name].partition(":")
    found: Callable[[], Result] = getattr(import_module(module), function)
    return found
