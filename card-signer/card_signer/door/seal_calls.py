"""What the official control can be called to do with electronic seals: one row a call.

| call | what we do |
| --- | --- |
| ExtractSeal | [seal, its picture] of the card that is in, base64, from the folder of seals |
| ExtractAutograph | refused: these cards hold no handwriting |
| Sign, SpcSign | the file is shown, the PIN is typed here, the sealed file is given back |
| VerifySeal | each seal on the file, when all hold; else an error |

`left` and `top` are taken for mm and `pageIndex` counts from 0: the control's script does not say.
`sessionId` is the control's own server's, and not used.
"""

import math
from collections.abc import Mapping

from cryptography.hazmat.primitives.serialization import Encoding

from card_signer.desk import Desk
from card_signer.door.acts import Act, Data, certificate_of, refused
from card_signer.door.json_frames import Arguments, b64, text, unb64
from card_signer.seals.sealing import Spot
from card_signer.seals.verifying import verified
from card_signer.troubles import Trouble


def spot_of(args: Arguments, page: str) -> Spot:
    """Where a seal goes. Raises Trouble BAD_REQUEST."""
    index = _number(args, page)
    if index != int(index):
        raise Trouble("BAD_REQUEST", what=page)
    return Spot(int(index), _number(args, "left"), _number(args, "top"))


def _number(args: Arguments, name: str) -> float:
    value = args.get(name)
    try:
        found = float(0 if value is None else value)  # pages send numbers as texts, too
    except (TypeError, ValueError):
        raise Trouble("BAD_REQUEST", what=name) from None
    if not math.isfinite(found) or found < 0:
        raise Trouble("BAD_REQUEST", what=name)
    return found


def _extracted(desk: Desk, origin: str, args: Arguments) -> Data:
    seal = desk.seal_here()
    return [b64(seal.data), b64(seal.picture.data)]


def _sealed(desk: Desk, origin: str, args: Arguments) -> Data:
    pdf, seal = unb64(text(args, "orignFile"), "orignFile"), unb64(text(args, "seSeal"), "seSeal")
    wanted = certificate_of(desk, args, "cert").public_bytes(Encoding.DER)
    if wanted not in (holder.certificate for holder in desk.holders()):
        raise Trouble("WRONG_CARD")
    return [b64(desk.seal(origin, pdf, seal, spot_of(args, "pageIndex")))]


def _verified(desk: Desk, origin: str, args: Arguments) -> Data:
    return verified(unb64(text(args, "fileData"), "fileData"), desk.shelf)


SEAL_CALLS: Mapping[str, Act] = {
    "pdf-es_ExtractSeal": _extracted,
    "pdf-es_ExtractAutograph": refused("NO_SEAL"),
    "pdf-es_Sign": _sealed,
    "pdf-es_SpcSign": _sealed,
    "pdf-es_VerifySeal": _verified,
}
