"""Electronic seals and what is sealed with them (GB/T 38540-2020): read, checked, made."""

from libs.signing.seals.making import Look, made
from libs.signing.seals.seal import Seal, SealError
from libs.signing.seals.sealed import Sealed, sealed

__all__ = ["Look", "Seal", "SealError", "Sealed", "made", "sealed"]
