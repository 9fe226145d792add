"""The map of the system on one machine: every process, what it is told and where it listens."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deploy.local.errors import StartFailed
from deploy.local.home import Home
from deploy.local.ports import HOST, Ports
from deploy.local.processes import Program
from libs.messages.partners import JWE, PARTNERS

CHECKOUT = Path(__file__).resolve().parents[2]
SERVICES = ("booking", "policy", "payment", "gateway", "history", "portal")

_MIGRATE_SECONDS_MAX = 120


@dataclass(frozen=True)
class Member:
    """One process of the system besides the stores."""

    name: str
    module: tuple[str, ...]  # what follows `python -m`
    port: int
    rooms: tuple[str, ...]  # folders whose code it runs
    settings: Mapping[str, str]

    @property
    def address(self) -> str:
        """Where it answers HTTP, `/readyz` among others."""
        return f"http://{HOST}:{self.port}"

    def program(self) -> Program:
        """How to run it; newer code makes it start anew."""
        return Program(
            self.name,
            (sys.executable, "-m", *self.module),
            env={**_plain_environment(), **self.settings},
            cwd=CHECKOUT,
            version=code_version(self.rooms),
        )


@dataclass(frozen=True)
class Surroundings:
    """What members are told about the stack they belong to."""

    home: Home
    ports: Ports
    bootstrap: str
    database_url: Callable[[str], str]


def members(around: Surroundings) -> list[Member]:
    """Every service and every partner of the sandbox."""
    return [*services(around), *sandbox(around)]


def services(around: Surroundings) -> list[Member]:
    """One process a service."""
    return [
        Member(
            name=name,
            module=("services", name),
            port=service_port(around.ports, name),
            rooms=("libs", "services"),
            settings=_service_settings(around, name),
        )
        for name in SERVICES
    ]


def sandbox(around: Surroundings) -> list[Member]:
    """One process a partner."""
    return [
        Member(
            name=f"sandbox-{code.lower()}",
            module=("sandbox", partner.role.value, code),
            port=around.ports.sandbox(index),
            rooms=("libs/messages", "libs/signing", "sandbox"),
            settings=_partner_settings(around, code, around.ports.sandbox(index)),
        )
        for index, (code, partner) in enumerate(PARTNERS.items())
    ]


def migrate(chosen: Sequence[Member], log: Path) -> None:
    """Bring the tables of these services to the present form; all that is said goes to the log.

    Raises: StartFailed with the migration's last words.
    """
    if not chosen:
        return
    settings = {key: value for member in chosen for key, value in member.settings.items()}
    result = subprocess.run(  # noqa: S603 - our own interpreter and module
        (sys.executable, "-m", "services", "migrate", *(member.name for member in chosen)),
        env={**_plain_environment(), **settings},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=_MIGRATE_SECONDS_MAX,
        check=False,
    )
    said = result.stdout + result.stderr
    log.write_text(said)
    if result.returncode:
        last = said.strip().splitlines()[-1:] or [f"exit code {result.returncode}"]
        raise StartFailed(f"the tables could not be prepared: {last[0]}. The whole log: {log}")


def service_port(ports: Ports, name: str) -> int:
    """The portal has the stack's first port, for it is what clients are told."""
    return ports.portal if name == "portal" else ports.service(SERVICES.index(name))


def _service_settings(around: Surroundings, name: str) -> dict[str, str]:
    home, ports = around.home, around.ports
    settings = {
        **_identity(home, name),
        "DATABASE_URL": around.database_url(name),
        "KAFKA_BOOTSTRAP": around.bootstrap,
        "KAFKA_INSTANCE": name,
        "HTTP_PORT": str(service_port(ports, name)),
        "RECIPIENTS": str(home.pki),
    }
    if name == "portal":
        settings |= {
            "HISTORY_URL": f"http://{HOST}:{service_port(ports, 'history')}",
            "OBJECT_STORE": home.objects.as_uri(),
            "ORIGIN": f"http://{HOST}:{ports.portal}",
        }
    return {f"{name.upper()}_{key}": value for key, value in settings.items()}


def _partner_settings(around: Surroundings, code: str, port: int) -> dict[str, str]:
    settings = {
        **_identity(around.home, code),
        "KAFKA_BOOTSTRAP": around.bootstrap,
        "STORE": str(around.home.sandbox / f"{code.lower()}.sqlite"),
        "CONTROL_PORT": str(port),
    }
    if PARTNERS[code].encryption == JWE:
        settings["DECRYPTION_KEY_FILE"] = str(around.home.pki / f"{code}-encryption.key")
    return {f"SANDBOX_{key}": value for key, value in settings.items()}


def _identity(home: Home, party: str) -> dict[str, str]:
    return {
        "KEY_FILE": str(home.pki / f"{party}.key"),
        "CERT_FILE": str(home.pki / f"{party}.pem"),
        "TRUST_CA": str(home.pki / "ca.pem"),
        "TRUST_CRL": str(home.pki / "crl.pem"),
    }


def _plain_environment() -> dict[str, str]:
    """Little of the user's environment, so that what runs depends on the settings alone."""
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "PATH", "TZ") if key in os.environ}
    return {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **kept}


@cache
def code_version(rooms: tuple[str, ...]) -> str:
    """A digest that changes when a file of these folders does."""
    digest = hashlib.sha256()
    for room in rooms:
        for path in sorted((CHECKOUT / room).rglob("*")):
            if path.suffix in (".py", ".sql", ".typ", ".json", ".xsd"):
                found = path.stat()
                digest.update(f"{path}:{found.st_size}:{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
