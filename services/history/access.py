"""Who may read: the portal, for the one company that its pass names. Nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.messages.parties import Role
from libs.signing import TrustStore
from libs.signing.proofs import NotProven, read_pass

READ_HISTORY = "read-history"
READER = "portal"
PASS_SECONDS_MAX = 300
_CLOCK_SKEW_SECONDS = 30


class NoAccess(Exception):
    """The pass is missing, wrong or over; the text is for logs, not for callers."""


@dataclass(frozen=True)
class Gate:
    """Reads passes: a JWS of the portal's key over {purpose, owner, issuedAt, expiresAt}."""

    trust: TrustStore

    def owner(self, headers: Mapping[str, str], now: datetime | None = None) -> str:
        """The company that may be read (USCC). Raises NoAccess."""
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise NoAccess("no pass")
        at = now or datetime.now(UTC)
        try:
            signer, claims = read_pass(text, self.trust, at)
        except NotProven as problem:
            raise NoAccess(problem.reason) from None
        if signer.role is not Role.SERVICE or signer.party != READER:
            raise NoAccess(f"signed by {signer.party}")
        if claims.get("purpose") != READ_HISTORY:
            raise NoAccess("made for something else")
        if not _is_now(claims.get("issuedAt"), claims.get("expiresAt"), at.timestamp()):
            raise NoAccess("not valid now")
        owner = claims.get("owner")
        if not isinstance(owner, str) or not owner:
            raise NoAccess("names no company")
        return owner


def _is_now(since: object, until: object, now: float) -> bool:
    if not isinstance(since, int) or not isinstance(until, int):
        return False
    lasts = until - since
    return 0 < lasts <= PASS_SECONDS_MAX and since - _CLOCK_SKEW_SECONDS <= now < until
