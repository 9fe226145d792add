"""Signatures and trust: XMLDSig and JWS profiles, certificates, signers."""

from libs.signing.jws import sign_jws
from libs.signing.signers import FileSigner, Signer, SignerError
from libs.signing.trust import TrustStore
from libs.signing.verdict import Identity, Verdict, Verified
from libs.signing.verification import verify
from libs.signing.xmldsig import sign_canonical, sign_xml

__all__ = [
    "FileSigner",
    "Identity",
    "Signer",
    "SignerError",
    "TrustStore",
    "Verdict",
    "Verified",
    "sign_canonical",
    "sign_jws",
    "sign_xml",
    "verify",
]
