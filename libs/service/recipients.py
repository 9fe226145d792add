"""The partners that want their messages encrypted, and to whose certificates."""

from collections.abc import Mapping
from pathlib import Path

from libs.messages.partners import JWE, PARTNERS, partner_topic
from libs.messages.topics import Topic
from libs.signing import SignerError, TrustStore
from libs.signing.encryption import Recipient

Recipients = Mapping[str, Recipient]  # by partner code


def recipients(
    service: str, topics: Mapping[str, Topic], folder: Path | None, trust: TrustStore
) -> Recipients:
    """Those that `service` writes to; `folder` holds CODE-encryption.pem of each.

    Raises SignerError that says which certificate is missing or cannot be used.
    """
    wanted = [
        code
        for code, partner in PARTNERS.items()
        if partner.encryption == JWE
        and (topic := topics.get(partner_topic(code, "requests")))
        and service in topic.producers
    ]
    if wanted and folder is None:
        name = f"{service.upper()}_RECIPIENTS"
        raise SignerError(f"{name} is not set: {', '.join(wanted)} want their messages encrypted")
    return {
        code: Recipient.load(folder / f"{code}-encryption.pem", code, trust)
        for code in wanted
        if folder is not None
    }
