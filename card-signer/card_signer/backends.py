"""The kinds of cards, a row each. What a kind needs is loaded when the settings ask for it."""

from card_signer.card import Backend
from card_signer.settings import Settings
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
    if settings.pkcs11 is None:
        return None
    from card_signer.pkcs11 import backend  # noqa: PLC0415 - an optional part

    return backend(settings.pkcs11)


def _skf(settings: Settings) -> Backend | None:
    if settings.skf is None:
        return None
    from card_signer.skf.backend import SkfBackend  # noqa: PLC0415 - as the others

    return SkfBackend(settings.skf)


def _software(settings: Settings) -> Backend | None:
    if settings.cards is None:
        return None
    from card_signer.software import SoftwareBackend  # noqa: PLC0415 - as the others

    return SoftwareBackend(settings.cards)


_KINDS = (_readers, _pkcs11, _skf, _software)
