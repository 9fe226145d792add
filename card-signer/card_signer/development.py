"""What developers make for themselves: a card in a file, a seal in a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from card_signer.pin import Pin
from card_signer.software import write
from card_signer.troubles import Trouble
from libs.signing.seals import Look, made
from libs.signing.signers import FileSigner, SignerError, read_pem
from libs.signing.suites import read_private_key

app = typer.Typer(help=__doc__)
_YEAR = timedelta(days=365)
_TYPES = {".png": "PNG", ".jpg": "JPG", ".jpeg": "JPG"}

Key = Annotated[Path, typer.Argument(help="PEM private key")]
Certificate = Annotated[Path, typer.Argument(help="PEM certificate")]


@app.command("software-card")
def software_card(
    key: Key,
    certificate: Certificate,
    card: Annotated[Path, typer.Argument(help="the card file to make: NAME.card")],
) -> None:
    """Make an encrypted software card for development."""
    try:
        private = read_private_key(key.read_bytes())
        holder = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise Trouble("CARD_FILE", what=str(error)) from None
    if not FileSigner(private, holder).fits():
        raise Trouble("CARD_FILE", what=f"{key} 与 {certificate} 不是一对 (do not belong together)")
    with asked("密码") as pin, asked("再次输入密码") as again:
        if pin.characters() != again.characters():
            raise Trouble("PIN_FORM", what="两次输入不一致")
        write(card, private, holder, pin)


@app.command("software-seal")
def software_seal(
    key: Key,
    certificate: Certificate,
    holder: Annotated[Path, typer.Argument(help="PEM certificate of the card that may use it")],
    picture: Annotated[Path, typer.Argument(help="its picture: PNG or JPG")],
    seal: Annotated[Path, typer.Argument(help="the seal file to make: NAME.esl")],
    name: Annotated[str, typer.Option(help="what the seal is called")] = "测试用章",
    size: Annotated[int, typer.Option(min=5, max=100, help="of the picture on paper, mm")] = 42,
) -> None:
    """Make an electronic seal for development, with KEY and CERTIFICATE as its maker's."""
    try:
        maker = FileSigner.load(key, certificate)
        theirs = read_pem(holder, x509.load_pem_x509_certificate, "certificate")
        kind = _TYPES[picture.suffix.lower()]
        look = Look(picture.read_bytes(), kind, size, size)
    except KeyError:
        raise Trouble("SEAL_FILES", what=f"{picture}: .png, .jpg") from None
    except (OSError, SignerError) as error:
        raise Trouble("SEAL_FILES", what=str(error)) from None
    now = datetime.now(UTC)
    holders = [theirs.public_bytes(Encoding.DER)]
    data = made(maker, uuid4().hex, name, holders, look, (now, now + _YEAR))
    try:
        seal.write_bytes(data)
    except OSError as error:
        raise Trouble("SEAL_FILES", what=str(error)) from None


@contextmanager
def asked(what: str) -> Iterator[Pin]:
    """A PIN that is typed now."""
    with Pin.typed(typer.prompt(what, hide_input=True, err=True)) as pin:
        yield pin
