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


def load(name: str) -> Callable[[], Result]:
    """The benchmark `name`. Raises KeyError; ModuleNotFoundError when a reference is missing."""
    module, _, function = NAMES[name].partition(":")
    found: Callable[[], Result] = getattr(import_module(module), function)
    return found
