"""What a row of the official control's calls is, and what rows share."""

from collections.abc import Callable, Sequence

from cryptography import x509

from card_signer.desk import Desk
from card_signer.door.json_frames import Arguments, text, unb64
from card_signer.holder import Holder
from card_signer.troubles import Trouble

Data = Sequence[object]
Act = Callable[[Desk, str, Arguments], Data]
_PEM = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")


def refused(code: str, **told: object) -> Act:
    """A call that is understood and not done."""

    def refuse(desk: Desk, origin: str, args: Arguments) -> Data:
        raise Trouble(code, **told)

    return refuse


def holder_here(desk: Desk) -> Holder:
    """Whose card is in: of several the first, as the official control has it."""
    return desk.holders()[0]


def certificate_of(desk: Desk, args: Arguments, argument: str) -> x509.Certificate:
    """The one that the page gives (base64 of DER, with or without PEM's lines), or the card's."""
    given = args.get(argument) or ""
    if not given:
        return x509.load_der_x509_certificate(holder_here(desk).certificate)
    body = text(args, argument)
    for line in _PEM:
        body = body.replace(line, "")
    try:
        return x509.load_der_x509_certificate(unb64(body, argument))
    except (ValueError, x509.InvalidVersion):
        raise Trouble("BAD_REQUEST", what=argument) from None
