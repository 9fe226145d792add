"""A PDF on its way to its seal: read apart, shown, and when the user agrees, signed.

What is signed are the bytes that the user can open from the question, but for the room that the
signature itself takes. The text in the question is what another process read out of them.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.x509.oid import NameOID

from card_signer.card import CardSigner
from card_signer.holder import Holder
from card_signer.lines import Line
from card_signer.seals.apart import told_of
from card_signer.seals.ranges import Signed, closed, opened
from card_signer.seals.shelf import broken, name_in
from card_signer.troubles import Trouble
from libs.signing.seals import Seal, SealError, sealed

PDF_BYTES_MAX = 1024 * 1024
_ROOM_BYTES = 12 * 1024  # a certificate, an RSA signature, what is around them
_NO_TEXT = "（本页没有文字，请打开文件查看）"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the seal goes: page from 0; mm from its top left corner."""

    page: int
    left: float
    top: float


@dataclass(frozen=True)
class Sealing:
    """A file that may be sealed, and all that it says."""

    seal: Seal
    pdf: bytes  # with the seal's picture, and room for the signature
    signed: Signed
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, pdf: bytes, seal: Seal, spot: Spot) -> "Sealing":
        """Raises Trouble TOO_LARGE, PDF."""
        if len(pdf) > PDF_BYTES_MAX:
            raise Trouble("TOO_LARGE", limit=PDF_BYTES_MAX)
        room = len(seal.data) + _ROOM_BYTES
        picture = seal.picture
        told = told_of(
            "stamp",
            pdf,
            picture=b64encode(picture.data).decode(),
            place={
                "page": spot.page,
                "left": spot.left,
                "top": spot.top,
                "width": picture.width,
                "height": picture.height,
            },
            name=seal.name,
            room=room,
        )
        try:
            stamped, signed = opened(b64decode(told["pdf"]), pdf, room)
        except ValueError:
            raise Trouble("PDF", what="签章位置无法写入") from None
        return cls(seal, stamped, signed, tuple(_lines(seal, spot, told["pages"])))

    def check(self, holder: Holder, at: datetime) -> None:
        """Whether the seal is this holder's now. Raises Trouble SEAL_HOLDER, SEAL_TIME."""
        try:
            self.seal.check(holder.certificate, at)
        except SealError as error:
            raise broken(error) from None

    @contextmanager
    def to_look_at(self) -> Iterator[str]:
        """A copy of what is signed, for as long as the user reads. The path."""
        folder = TemporaryDirectory(prefix="card-signer-", ignore_cleanup_errors=True)
        with folder as place:  # for this user alone
            path = Path(place) / "待签章.pdf"
            path.write_bytes(self.pdf)
            with suppress(OSError):
                path.chmod(0o400)
            yield str(path)

    def done(self, signer: CardSigner, at: datetime) -> bytes:
        """The sealed file. Raises Trouble as the card, and as `check`."""
        try:
            data = sealed(self.seal, self.signed.of(self.pdf), self.signed.text, at, signer)
            return closed(self.pdf, self.signed, data)
        except SealError as error:
            raise broken(error) from None


def _lines(seal: Seal, spot: Spot, pages: list[str]) -> Iterator[Line]:
    until = f"{seal.until.astimezone():%Y-%m-%d}"
    maker = name_in(seal.maker.subject, NameOID.ORGANIZATION_NAME)
    yield Line("印章", seal.name, is_key=True)
    yield Line("印章编号", seal.id)
    yield Line("制章单位", maker)
    yield Line("印章有效期至", until)
    yield Line("签章位置", f"第{spot.page + 1}页，距左{spot.left:g}毫米，距上{spot.top:g}毫米")
    yield Line("页数", str(len(pages)))
    yield Line("提示", "以下文字由本程序从文件中读出；请打开文件核对版面")
    for number, text in enumerate(pages, 1):
        yield Line(f"第{number}页", "")
        for line in text.splitlines() or [_NO_TEXT]:
            yield Line("", line, depth=1)
