"""What the official control can be called to do, and what we do then: one row a call.

| call | what we do |
| --- | --- |
| signing (of a random text, of data) | the text is shown; the PIN is typed here |
| VerifyPIN, ChangePIN | all PINs are typed here; those that the page sends are not looked at |
| SignDataNoHash… | refused: nobody can read a digest, so nobody could agree to what it means |
| VerifySignData | does the signature fit text and certificate? Trust is for servers to judge |
| SHA1Digest… | the digest of the card's suite, hexadecimal, as a newer card's control does |
| GetEnvCert… | refused: these cards hold no certificate for encryption |
| GetEntMode, GetCardAttachInfo | empty: these cards do not say |
| swc_postdata | refused: it posts data on a page's behalf |
| pdf-es_… | seals on PDF: see `seal_calls.py` |

Source: domain notes 9.1 and the control's public page script.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from card_signer import __version__
from card_signer.card import suite_of_certificate
from card_signer.desk import Desk
from card_signer.door.acts import Act, Data, certificate_of, holder_here, refused
from card_signer.door.json_frames import Arguments, b64, text, unb64
from card_signer.door.seal_calls import SEAL_CALLS
from card_signer.holder import Holder
from card_signer.troubles import Trouble
from libs.signing.suites import key_of, suite_of

_TIME = "%Y%m%d%H%M%S"


def _always(*data: object) -> Act:
    return lambda desk, origin, args: data


def _signed(argument: str) -> Act:
    """Shown, agreed to and signed: [signature, certificate number]."""

    def sign(desk: Desk, origin: str, args: Arguments) -> Data:
        signature, holder = desk.sign_text(origin, text(args, argument))
        return [b64(signature), holder.certificate_no]

    return sign


def _verified(desk: Desk, origin: str, args: Arguments) -> Data:
    signature = unb64(text(args, "signData"), "signData")
    certificate = certificate_of(desk, args, "certDataPEM")
    try:
        key = key_of(certificate)
    except ValueError:
        raise Trouble("BAD_REQUEST", what="certDataPEM") from None
    if not suite_of(key).verify(key, signature, text(args, "inData").encode()):
        raise Trouble("SIGNATURE")
    return ["成功!"]  # what the control says


def _digest(desk: Desk, origin: str, args: Arguments) -> Data:
    suite = suite_of_certificate(holder_here(desk).certificate)
    return [suite.digest(text(args, "szInfo").encode()).hex()]


def _pin_verified(desk: Desk, origin: str, args: Arguments) -> Data:
    desk.ask_pin(origin)
    return []


def _pin_changed(desk: Desk, origin: str, args: Arguments) -> Data:
    desk.ask_new_pin(origin)
    return []


def _of_holder(tell: Callable[[Holder], str]) -> Act:
    return lambda desk, origin, args: [tell(holder_here(desk))]


def _all_of(holder: Holder) -> str:
    parts = (holder.certificate_no, holder.person, holder.uscc, holder.company, "", holder.card)
    return "||".join(parts)


def _valid_time(desk: Desk, origin: str, args: Arguments) -> Data:
    certificate = certificate_of(desk, args, "cert")
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return [{"szStartTime": _local(start), "szEndTime": _local(end)}]


def _local(at: datetime) -> str:
    return at.astimezone().strftime(_TIME)


_ONLY_DIGEST = refused("UNREADABLE")
_NO_ENCRYPTION = refused("NO_ENCRYPTION")
_CERTIFICATE = _of_holder(lambda holder: b64(holder.certificate))

# of the customs' library, under its name and under an older one
_SPC: Mapping[str, Act] = {
    "SpcSignRandom": _signed("random"),
    "SpcSignDataAsPEM": _signed("inData"),
    "SpcSignDataNoHashAsPEM": _ONLY_DIGEST,
    "SpcVerifySignData": _verified,
    "SpcSHA1DigestAsPEM": _digest,
    "SpcVerifyPIN": _pin_verified,
    "SpcVerifyPINAll": _pin_verified,
    "SpcChangePIN": _pin_changed,
    "SpcGetCardID": _of_holder(lambda holder: holder.card),
    "SpcGetCertNo": _of_holder(lambda holder: holder.certificate_no),
    "SpcGetUName": _of_holder(lambda holder: holder.person),
    "SpcGetEntID": _of_holder(lambda holder: holder.uscc),
    "SpcGetEntName": _of_holder(lambda holder: holder.company),
    "SpcGetEntMode": _of_holder(lambda _: ""),
    "SpcGetCardAttachInfo": _of_holder(lambda _: ""),
    "SpcGetCardUserInfo": _of_holder(_all_of),
    "SpcGetSignCertAsPEM": _CERTIFICATE,
    "SpcGetEnvCertAsPEM": _NO_ENCRYPTION,
    "SpcGetValidTimeFromCert": _valid_time,
}

CALLS: Mapping[str, Act] = {
    "ver": _always(__version__),
    "ra_Is903Reader": _always("0"),
    **{
        f"{library}_{call}": act
        for library in ("cus-sec", "security")
        for call, act in _SPC.items()
    },
    "security_getGetCardUserInfoAll": _of_holder(_all_of),
    **SEAL_CALLS,
    # the older script sends nothing but a PIN; only a text that is given can be shown and signed
    "swc_security_login": _signed("random"),
    "swc_postdata": refused("NOT_YET", what="swc_postdata"),
}
