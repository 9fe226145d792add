"""What a figure was measured on."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psutil

CHECKOUT = Path(__file__).resolve().parents[1]
_GIB = 1024**3


def machine() -> dict[str, str]:
    """This machine and the state of it, by what is told."""
    one, five, _ = os.getloadavg()
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _commit(),
        "processor": f"{_processor()}, {os.cpu_count()} logical cores",
        "memory": f"{psutil.virtual_memory().total / _GIB:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "stores": "Apache Kafka (KRaft, one broker) and PostgreSQL in user space, fsync on",
        "load before": f"{one:.1f} (1 min), {five:.1f} (5 min)",
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str:
    """The commit that was measured, with a mark when files differ from it."""
    try:
        return subprocess.run(
            ("git", "describe", "--always", "--dirty", "--exclude=*"),  # noqa: S607
            check=True,
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
