"""`tongbao sign` and `tongbao verify`: signatures on files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from libs.messages.errors import Malformed
from libs.messages.parties import Role
from libs.signing import FileSigner, SignerError, TrustStore
from libs.signing.files import FileVerdict, beside, sign_file, verify_file

NOT_VALID = 1
WRONG_USE = 2

FileArgument = Annotated[Path, typer.Argument(help="The file.", show_default=False)]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Where to write; without it, standard output.")
]
PasswordOption = Annotated[
    Path | None,
    typer.Option("--password-file", help="File with the key's password, if it has one."),
]
TrustOption = Annotated[
    Path, typer.Option("--trust", help="CA certificates: a PEM file or a folder of them.")
]
CrlOption = Annotated[Path | None, typer.Option("--crl", help="Revocation list, PEM.")]
SignatureOption = Annotated[
    Path | None, typer.Option("--signature", help="Detached JWS; without it FILE.jws if there.")
]
RoleOption = Annotated[
    str | None,
    typer.Option("--as", help=f"Must be signed as: {', '.join(role.value for role in Role)}."),
]
AtOption = Annotated[
    str | None, typer.Option("--at", help="Time the certificate must be valid, ISO 8601.")
]


def sign(
    file: FileArgument,
    key: Annotated[Path, typer.Option("--key", help="Private key, PEM.")],
    cert: Annotated[Path, typer.Option("--cert", help="Its certificate, PEM.")],
    out: OutOption = None,
    password: PasswordOption = None,
) -> None:
    """Sign a file: XML gets its signature inside, anything else a detached JWS.

    Keep a JWS as FILE.jws beside FILE: `verify` looks there.
    """
    data = _read(file)
    secret = _read(password).rstrip(b"\r\n") if password else None
    try:
        signed, stands_alone = sign_file(data, FileSigner.load(key, cert, secret))
    except SignerError as problem:
        _wrong_use(str(problem))
    except Malformed as problem:
        _wrong_use(f"{file}: {problem.message} / {problem.message_en}: {problem.detail}")
    except ValueError as problem:
        _wrong_use(f"{file}: {problem}")
    if out is None:
        typer.get_binary_stream("stdout").write(signed)
        return
    try:
        out.write_bytes(signed)
    except OSError as problem:
        _wrong_use(f"{out}: cannot write: {problem.strerror}")
    typer.echo(f"{out}: {'signed document' if stands_alone else f'signature of {file}'}")


def verify(
    file: FileArgument,
    trust: TrustOption,
    crl: CrlOption = None,
    signature: SignatureOption = None,
    role: RoleOption = None,
    at: AtOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Verify a signed file: intact, trusted, permitted. Exit 0 valid, 1 not valid, 2 wrong use."""
    data = _read(file)
    try:
        store = TrustStore.load(trust, crl)
    except SignerError as problem:
        _wrong_use(str(problem))
    found = verify_file(data, _detached(file, signature), store, _time(at), _role(role))
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        _tell(file, found)
    if not found.valid:
        raise typer.Exit(NOT_VALID)


def _tell(file: Path, found: FileVerdict) -> None:
    verdict, signer = found.verdict, found.verdict.signer
    zh, en = found.sentences
    typer.echo(f"{file}: {zh} / {en} [{verdict.reason}]")
    for name, value in (
        ("完整 intact", verdict.intact),
        ("可信 trusted", verdict.trusted),
        ("有权 permitted", verdict.permitted),
    ):
        typer.echo(f"  {name}: {'—' if value is None else 'yes' if value else 'no'}")
    if signer:
        holder = f"，{signer.holder}" if signer.holder else ""
        who = "签名人 signer" if verdict.trusted else "证书所称 claimed signer"
        typer.echo(f"  {who}: {signer.role.zh} {signer.name}{holder}（{signer.party}）")
    if found.kind:
        typer.echo(f"  报文类型 kind: {found.kind}")
    if verdict.detail:
        typer.echo(f"  {verdict.detail}")


def _detached(file: Path, signature: Path | None) -> str | None:
    path = signature or beside(file)
    if signature is None and not path.exists():
        return None
    return _read(path).decode("ascii", "replace").strip()


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        _wrong_use(f"--at {text}: not a time; for example 2026-11-23T08:00:00Z")
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _role(text: str | None) -> Role | None:
    if text is None:
        return None
    try:
        return Role(text)
    except ValueError:
        _wrong_use(f"--as {text}: one of {', '.join(role.value for role in Role)}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        _wrong_use(f"{path}: cannot read: {problem.strerror}")


def _wrong_use(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(WRONG_USE)
