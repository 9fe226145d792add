"""Load: complete cargo flows as companies play them, and the balance afterwards."""

from bench.load.balance import Finding, balance
from bench.load.flows import Flow, Traffic
from bench.load.traders import Trader

__all__ = ["Finding", "Flow", "Trader", "Traffic", "balance"]
