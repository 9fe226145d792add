"""Benchmark `idle`: what the services cost when nothing happens, and how soon one is there."""

import subprocess
import sys
import time
from statistics import median

from bench.harness import Figure, Result
from bench.stand import cpu_seconds, processes, stand
from deploy.local.members import CHECKOUT, SERVICES, services
from deploy.local.stack import LocalStack
from deploy.local.waiting import answers

CPU_TARGET, START_TARGET, MEMORY_TARGET = 3.0, 1.5, 150.0
SETTLE_SECONDS, WATCH_SECONDS = 15.0, 30.0
STARTS = 3
_MIB = 1024 * 1024
_LOOK_SECONDS = 0.01


def idle_bench() -> Result:
    """Percent of a core of all services together, seconds until one is ready, MiB of one."""
    with stand() as stack:
        time.sleep(SETTLE_SECONDS)
        chosen = processes(stack)
        before = cpu_seconds(chosen)
        time.sleep(WATCH_SECONDS)
        percent = (cpu_seconds(chosen) - before) / WATCH_SECONDS * 100
        memory = {
            name: sum(process.memory_info().rss for process in processes(stack, [name])) / _MIB
            for name in SERVICES
        }
        starts = {name: median(_start(stack, name) for _ in range(STARTS)) for name in SERVICES}
    slowest = max(starts, key=lambda name: starts[name])
    largest = max(memory, key=lambda name: memory[name])
    return Result(
        "idle",
        round(percent, 2),
        "% of a core",
        target=CPU_TARGET,
        at_most=True,
        figures=[
            Figure(
                f"start until ready ({slowest}, the slowest)",
                round(starts[slowest], 2),
                "s",
                START_TARGET,
                at_most=True,
            ),
            Figure(
                f"memory ({largest}, the largest)",
                round(memory[largest]),
                "MiB",
                MEMORY_TARGET,
                at_most=True,
            ),
            Figure("an empty Python process: start", round(_python(), 3), "s"),
        ],
        load=f"{len(SERVICES)} services, Kafka, PostgreSQL and the sandbox up, nothing happens; "
        f"watched for {WATCH_SECONDS:g} s",
    )


def _start(stack: LocalStack, name: str) -> float:
    """Seconds from starting a service's process until it says that it is ready."""
    member = next(row for row in services(stack.surroundings) if row.name == name)
    stack.supervisor.stop([name])
    ready = answers(member.port, "/readyz")
    began = time.perf_counter()
    stack.supervisor.start(member.program())
    while not ready():
        time.sleep(_LOOK_SECONDS)
    return time.perf_counter() - began


def _python() -> float:
    """The reference: an interpreter that starts and ends."""
    began = time.perf_counter()
    subprocess.run((sys.executable, "-c", ""), check=True, cwd=CHECKOUT)
    return time.perf_counter() - began
