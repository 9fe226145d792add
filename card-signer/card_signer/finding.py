"""What `diagnose` tells of one link."""

from dataclasses import dataclass

from card_signer.troubles import Trouble


@dataclass(frozen=True, slots=True)
class Finding:
    """One link: fine when there is no trouble; `told` alone when it could not be looked at."""

    link: str
    told: str
    trouble: Trouble | None = None
    is_checked: bool = True
