"""What an SM2 signature costs by the bare calls of GM/T 0016, in the order in which ours come."""

import ctypes
from collections.abc import Callable, Sequence
from ctypes import byref, c_uint, c_void_p, create_string_buffer
from pathlib import Path
from typing import Any

Sign = Callable[[bytes], object]
_TRUE, _USER, _SIGNING = 1, 1, 1
_BUFFER_BYTES = 16 * 1024
_SIGNATURE_BYTES = 128


def skf_signature(path: Path, digest: Callable[[bytes], bytes], pin: str) -> Sign:
    """By the library at `path`; `digest` makes SM3 with ZA of the data."""
    library = ctypes.CDLL(str(path))
    buffer, length = create_string_buffer(_BUFFER_BYTES), c_uint()

    def call(name: str, *arguments: Any) -> None:
        if result := getattr(library, f"SKF_{name}")(*arguments):
            raise AssertionError(name, hex(result))

    def told(name: str, *arguments: Any) -> bytes:
        length.value = _BUFFER_BYTES
        call(name, *arguments, buffer, byref(length))
        return buffer.raw[: length.value]

    def names(name: str, *arguments: Any) -> Sequence[bytes]:
        return told(name, *arguments).rstrip(b"\0").split(b"\0")

    def opened(name: str, *arguments: Any) -> c_void_p:
        handle = c_void_p()
        call(name, *arguments, byref(handle))
        return handle

    def sign(data: bytes) -> object:
        device = opened("ConnectDev", names("EnumDev", _TRUE)[0])
        for name in names("EnumApplication", device):
            application = opened("OpenApplication", device, name)
            for inner in names("EnumContainer", application):
                if inner != b"signing":
                    continue
                container = opened("OpenContainer", application, inner)
                told("ExportCertificate", container, _SIGNING)
                call("VerifyPIN", application, _USER, pin.encode(), byref(length))
                signature = create_string_buffer(_SIGNATURE_BYTES)
                hashed = digest(data)
                call("ECCSignData", container, hashed, len(hashed), signature)
                call("CloseContainer", container)
            call("ClearSecureState", application)
            call("CloseApplication", application)
        call("DisConnectDev", device)
        return signature.raw

    return sign
