"""Attachments: files of a company, named by their SHA-256, which the signed form repeats."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from libs.messages.errors import FieldError
from libs.messages.kinds.proposal_draft import Attachment
from services.portal.objects import Objects
from services.portal.problems import Problem

BYTES_MAX = 4 * 1024 * 1024  # domain notes 3.3 H

# media type: file name's end, and how such files begin
_TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "application/pdf": ("pdf", (b"%PDF-",)),
    "image/jpeg": ("jpg", (b"\xff\xd8\xff",)),
    "image/png": ("png", (b"\x89PNG\r\n\x1a\n",)),
    "application/zip": ("zip", (b"PK\x03\x04",)),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (
        "docx",
        (b"PK\x03\x04",),
    ),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx", (b"PK\x03\x04",)),
}
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored file, as a form refers to it."""

    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True)
class Attachments:
    """Keeps files a company; one company's files are not another's, though they be the same."""

    objects: Objects

    async def keep(self, owner: str, media_type: str, data: bytes) -> Kept:
        """Store a file. Raises Problem for a kind of file that is not taken, or that it is not."""
        end, beginnings = _TYPES.get(media_type, ("", ()))
        if not data or not data.startswith(beginnings):
            right = "、".join(end for end, _ in _TYPES.values())
            error = FieldError("content-type", "文件格式", f"不是可接收的文件：{media_type}", right)
            raise Problem("REQUEST", errors=[error])
        digest = hashlib.sha256(data).hexdigest()
        await self.objects.put(_name(owner, digest, end), data)
        return Kept(digest, len(data), media_type)

    async def find(self, owner: str, digest: str) -> tuple[str, bytes] | None:
        """Media type and bytes of a company's file; None when it has none such."""
        if not _DIGEST.fullmatch(digest):
            return None
        for media_type, (end, _) in _TYPES.items():
            data = await self.objects.get(_name(owner, digest, end))
            if data is not None:
                return media_type, data
        return None

    async def missing(self, owner: str, named: Iterable[Attachment]) -> list[FieldError]:
        """What a form names and the company never uploaded."""
        errors = []
        for number, row in enumerate(named, 1):
            end = _TYPES.get(row.media_type, ("", ()))[0]
            size = await self.objects.size(_name(owner, row.sha256, end)) if end else None
            if size != row.size:
                path = f"form.attachments[{number}].sha256"
                errors.append(
                    FieldError(path, "附件信息", f"没有上传过文件“{row.name}”", "先上传附件再提交")
                )
        return errors


def _name(owner: str, digest: str, end: str) -> str:
    return f"attachments/{owner}/{digest}.{end}"
