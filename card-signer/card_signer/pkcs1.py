"""PKCS#1 v1.5 signatures with SHA-256 (RFC 8017, 9.2): what is handed to an RSA key."""

_SHA256_INFO = bytes.fromhex("3031300D060960864801650304020105000420")
_FRAME_BYTES = 3  # 00 01 … 00


def digest_info(digest: bytes) -> bytes:
    """The DigestInfo of a SHA-256 digest."""
    return _SHA256_INFO + digest


def padded(digest: bytes, size: int) -> bytes:
    """The block of `size` bytes, for keys that do nothing but the bare RSA operation."""
    info = digest_info(digest)
    return b"\0\1" + b"\xff" * (size - _FRAME_BYTES - len(info)) + b"\0" + info
