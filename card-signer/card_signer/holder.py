"""Whose card it is, as its certificate says, and whether it still counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509

from card_signer.troubles import Trouble
from libs.messages.parties import Role
from libs.signing.certificates import identity_of

WARN_DAYS = 30  # manual: the control warns 30 days ahead
_DAY = timedelta(days=1)
_CARDS_MAX = 16  # whose certificates are not read anew for each signature


@dataclass(frozen=True, slots=True)
class Holder:
    """A card's certificate in words."""

    role: Role
    uscc: str
    company: str
    person: str
    card: str
    certificate_no: str
    fingerprint: str
    since: datetime
    until: datetime
    certificate: bytes  # DER

    @property
    def zh(self) -> str:
        """Company and person, as they are shown."""
        return f"{self.company} {self.person}（{self.role.zh}卡 {self.card}）"

    def check(self, at: datetime) -> None:
        """Raises Trouble EXPIRED, NOT_YET_VALID."""
        if at > self.until:
            raise Trouble("EXPIRED", on=f"{self.until.astimezone():%Y-%m-%d}")
        if at < self.since:
            raise Trouble("NOT_YET_VALID", on=f"{self.since.astimezone():%Y-%m-%d}")

    def days_left(self, at: datetime | None = None) -> int:
        """Whole days until it expires."""
        return (self.until - (at or datetime.now(UTC))) // _DAY

    def warnings(self, at: datetime | None = None) -> Iterator[str]:
        """What the user should know before it is too late."""
        left = self.days_left(at)
        if 0 <= left <= WARN_DAYS:  # what has expired is no warning any more: `check`
            yield f"证书还有{left}天过期，请及时换证"


@lru_cache(maxsize=_CARDS_MAX)
def holder_of(der: bytes) -> Holder:
    """Read a certificate. Raises Trouble NOT_OUR_CARD."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        identity = identity_of(certificate)
    except (ValueError, x509.InvalidVersion) as error:
        raise Trouble("NOT_OUR_CARD", what=str(error)) from None
    if not identity.role.is_company:
        raise Trouble("NOT_OUR_CARD", what=identity.role.zh)
    return Holder(
        identity.role,
        identity.party,
        identity.name,
        identity.holder,
        identity.card,
        identity.serial,
        identity.fingerprint,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        der,
    )
