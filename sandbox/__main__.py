"""`python -m sandbox insurer PICC` or `bank ICBC`: one counterparty, one process."""

import argparse
import asyncio
import contextlib
import sqlite3
import sys
from pathlib import Path

from starlette.routing import Route

from libs.messages.partners import BANKS, INSURERS, JWE, PARTNERS
from libs.signing import FileSigner, SignerError, TrustStore
from libs.signing.encryption import Opener
from sandbox import control, logs
from sandbox.bank import control as bank
from sandbox.bank.desk import Bank
from sandbox.behaviour import Steering
from sandbox.desk import Desk
from sandbox.insurer.desk import Insurer
from sandbox.loop import Loop
from sandbox.running import run_until_stopped
from sandbox.settings import Settings, SettingsWrong
from sandbox.store import Store

_USAGE_ERROR = 2


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM. Returns the exit code."""
    given = _arguments().parse_args(arguments)
    try:
        settings = Settings.load()
        signer = FileSigner.load(settings.key_file, settings.cert_file)
        trust = TrustStore.load(settings.trust_ca, settings.trust_crl)
        opener = _opener(given.code, settings.decryption_key_file)
        counterparty = _counterparty(given.role, given.code)
        store = Store(settings.store, counterparty.tables)
    except (SettingsWrong, SignerError, sqlite3.Error) as error:
        sys.stderr.write(f"sandbox {given.role} {given.code}: cannot start:\n{error}\n")
        return _USAGE_ERROR
    logs.set_up(given.code)
    with contextlib.closing(store):
        asyncio.run(_run(given.code, counterparty, settings, store, signer, trust, opener))
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox", description="A simulated counterparty.")
    roles = parser.add_subparsers(dest="role", required=True, metavar="insurer|bank")
    for role, codes in (("insurer", INSURERS), ("bank", BANKS)):
        roles.add_parser(role, help=f"one of {', '.join(codes)}").add_argument(
            "code", choices=list(codes)
        )
    return parser


def _counterparty(role: str, code: str) -> Insurer | Bank:
    return Insurer(code) if role == "insurer" else Bank(code)


def _opener(code: str, key: Path | None) -> Opener | None:
    """Whoever wants its requests encrypted must be able to read them. Raises SignerError."""
    if PARTNERS[code].encryption != JWE:
        return None
    if key is None:
        raise SignerError(f"SANDBOX_DECRYPTION_KEY_FILE not set: requests to {code} are encrypted")
    return Opener.load(key)


def _routes(counterparty: Insurer | Bank, store: Store) -> list[Route]:
    return bank.routes(store, counterparty.ledger) if isinstance(counterparty, Bank) else []


async def _run(
    code: str,
    counterparty: Insurer | Bank,
    settings: Settings,
    store: Store,
    signer: FileSigner,
    trust: TrustStore,
    opener: Opener | None,
) -> None:
    steering = Steering()
    loop = Loop(
        code,
        settings.kafka_bootstrap,
        Desk(code, counterparty, store, signer, trust, steering, opener),
        store,
    )
    application = control.app(lambda: loop.ready, steering, _routes(counterparty, store))
    await run_until_stopped(application, settings.control_port, loop.run())
    logs.say("stopped")


if __name__ == "__main__":
    sys.exit(main())
