"""The kinds of cards, a row each. What may not be installed is loaded when settings ask for it."""

from card_signer import pkcs11
from card_signer.card import Backend
from card_signer.settings import Settings
from card_signer.skf.backend import SkfBackend
from card_signer.software import SoftwareBackend
from card_signer.troubles import Trouble


def backends(settings: Settings) -> list[Backend]:
    """Every kind that is set up. Raises Trouble when a kind cannot be used here."""
    return [found for make in _KINDS if (found := make(settings)) is not None]


def _readers(settings: Settings) -> Backend | None:
    if not settings.readers:
        return None
    try:
        from card_signer.pcsc import PcscBackend  # noqa: PLC0415 - needs the card service's library
    except ImportError:
        raise Trouble("NO_PART", part="pyscard") from None
    return PcscBackend()


def _pkcs11(settings: Settings) -> Backend | None:
    return pkcs11.backend(settings.pkcs11) if settings.pkcs11 else None


def _skf(settings: Settings) -> Backend | None:
    return SkfBackend(settings.skf) if settings.skf else None


def _software(settings: Settings) -> Backend | None:
    return SoftwareBackend(settings.cards) if settings.cards else None


_KINDS = (_readers, _pkcs11, _skf, _software)
