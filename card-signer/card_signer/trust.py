"""Whether an authority of ours issued a card and did not take it back, as the files say now."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from card_signer.settings import Settings
from card_signer.troubles import Trouble
from libs.signing.signers import SignerError
from libs.signing.trust import Checked, TrustStore

_log = logging.getLogger("card_signer.trust")


@dataclass
class Trust:
    """Authorities and their revocation lists; files that change are read again."""

    authorities: Path
    lists: Path | None = None
    _store: TrustStore | None = None
    _complaint: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "Trust | None":
        """None when the settings name no authorities."""
        return cls(settings.trust, settings.revocations) if settings.trust else None

    def check(self, certificate: bytes, at: datetime) -> None:
        """Raises Trouble NOT_OUR_CARD, REVOKED, EXPIRED, NOT_YET_VALID (an authority's, too).

        TRUST_FILES when the files could not be read yet; once they were, what was read before stays
        in force while they cannot.
        """
        store = self._current()
        try:
            checked = store.check(certificate)
        except ValueError as error:
            raise Trouble("NOT_OUR_CARD", what=str(error)) from None
        found = store.judge(checked, at)
        if found != "OK":
            raise _TROUBLES[found](checked)

    def _current(self) -> TrustStore:
        try:
            if self._store is None:
                self._store = TrustStore.load(self.authorities, self.lists)
            self._store.refresh()
            self._complaint = ""
        except SignerError as error:
            if self._store is None:
                raise Trouble("TRUST_FILES", what=str(error)) from None
            if str(error) != self._complaint:  # the watch looks twice a second
                _log.warning("%s", error)
            self._complaint = str(error)
        return self._store


def _day(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d}"


_TROUBLES: Mapping[str, Callable[[Checked], Trouble]] = {
    "NOT_TRUSTED": lambda _: Trouble("NOT_OUR_CARD", what="不是受信任的机构签发的证书"),
    "NOT_YET_VALID": lambda checked: Trouble("NOT_YET_VALID", on=_day(checked.valid_from)),
    "EXPIRED": lambda checked: Trouble("EXPIRED", on=_day(checked.valid_until)),
    "REVOKED": lambda _: Trouble("REVOKED"),
}
