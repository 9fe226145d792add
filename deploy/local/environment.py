"""One settings file a process, readable by its owner only."""

from collections.abc import Mapping

from deploy.local.home import Home, write_private


def write_env(home: Home, name: str, values: Mapping[str, str]) -> None:
    """Write `env/<name>.env`, one KEY=value a line."""
    text = "".join(f"{key}={value}\n" for key, value in sorted(values.items()))
    write_private(home.env / f"{name}.env", text)


def read_env(home: Home, name: str) -> dict[str, str]:
    """What `env/<name>.env` says; nothing when there is no such file."""
    path = home.env / f"{name}.env"
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)
