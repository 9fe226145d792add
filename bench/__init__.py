"""Benchmarks: each runnable alone, each against references measured in the same run."""
