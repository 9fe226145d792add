"""Chains: from a leaf to a root of the trust files, and who may do what (RFC 5280, 4.2 and 6.1).

Only certificates from the trust files issue; a message brings its leaf alone.
"""

from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from libs.signing.certificates import CARD_OID, ROLE_OID
from libs.signing.suites import vouches

_CHAIN_MAX = 5  # leaf, at most three intermediates, root

# a critical extension that nobody here acts on makes a certificate unusable (RFC 5280, 4.2)
_UNDERSTOOD = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,  # names TLS purposes; says nothing about messages
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.CERTIFICATE_POLICIES,  # any policy is acceptable
    ROLE_OID,
    CARD_OID,
}

Chain = tuple[x509.Certificate, ...]  # leaf first, root last
May = Callable[[x509.Certificate], bool]


def chain_of(leaf: x509.Certificate, authorities: Sequence[x509.Certificate], may: May) -> Chain:
    """The chain of a leaf that `may` what is wanted of it; empty when there is none."""
    if not may(leaf):
        return ()
    chain = [leaf]
    while len(chain) < _CHAIN_MAX:
        issuer = _issuer(chain, authorities)
        if issuer is None or issuer in chain:
            return ()
        chain.append(issuer)
        if issuer.issuer == issuer.subject:
            return tuple(chain)
    return ()


def may_sign(certificate: x509.Certificate) -> bool:
    """A leaf whose key is for digital signatures."""
    usage = _usage(certificate)
    return usage is not None and usage.digital_signature and _is_leaf(certificate)


def may_receive(certificate: x509.Certificate) -> bool:
    """A leaf whose key is for agreeing on other keys: messages may be encrypted to it."""
    usage = _usage(certificate)
    return usage is not None and usage.key_agreement and _is_leaf(certificate)


def may_issue(certificate: x509.Certificate) -> bool:
    """An authority whose key is for certificates."""
    usage = _usage(certificate)
    return (
        _is_authority(certificate)
        and (usage is None or usage.key_cert_sign)
        and _understood(certificate)
    )


def may_list(certificate: x509.Certificate) -> bool:
    """An authority whose key is for revocation lists."""
    usage = _usage(certificate)
    return _is_authority(certificate) and (usage is None or usage.crl_sign)


def _issuer(
    chain: Sequence[x509.Certificate], authorities: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    for authority in authorities:
        if (
            authority.subject == chain[-1].issuer
            and _reaches(authority, intermediates=len(chain) - 1)
            and vouches(authority, chain[-1])
        ):
            return authority
    return None


def _reaches(authority: x509.Certificate, intermediates: int) -> bool:
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    return basic.path_length is None or intermediates <= basic.path_length


def _is_leaf(certificate: x509.Certificate) -> bool:
    return not _is_authority(certificate) and _understood(certificate)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _understood(certificate: x509.Certificate) -> bool:
    return all(
        extension.oid in _UNDERSTOOD for extension in certificate.extensions if extension.critical
    )
