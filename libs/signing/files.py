"""Signing and verifying files: the work behind `tongbao sign` and `tongbao verify`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from libs.messages.codec import kind_named_in
from libs.messages.errors import REASONS, Malformed
from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.messages.registry import KINDS
from libs.signing.jws import sign_jws
from libs.signing.signers import Signer
from libs.signing.trust import TrustStore
from libs.signing.verdict import Verdict
from libs.signing.verification import verify
from libs.signing.xmldsig import sign_xml

SIGNATURE_SUFFIX = ".jws"

# what to do about each reason, Chinese and English
ADVICE = {
    "SYNTAX": ("请检查文件是否完整", "check that the file is whole"),
    "DTD": ("请删除 DTD 和实体后重新签名", "remove the DTD and sign again"),
    "TOO_LARGE": ("请减少内容后重新签名", "send less in one message and sign again"),
    "TOO_DEEP": ("请减少嵌套后重新签名", "nest less and sign again"),
    "NOT_SIGNED": ("请先签名（tongbao sign）", "sign it first (tongbao sign)"),
    "BAD_SIGNATURE": (
        "内容在签名后可能被改动，请向签名人索取原件",
        "it may have been changed after signing: ask the signer for the original",
    ),
    "PROFILE": (
        "请按本系统的签名格式重新签名（tongbao sign）",
        "sign it again in the form of this system (tongbao sign)",
    ),
    "NOT_TRUSTED": (
        "请确认 --trust 包含签发该证书的机构，否则请勿采信",
        "check that --trust holds the authority that issued it; otherwise do not rely on it",
    ),
    "REVOKED": ("请换用有效的证书重新签名", "sign it again with a valid certificate"),
    "EXPIRED": (
        "如签名时证书仍有效，请用 --at 指明签名时间；否则换证后重新签名",
        "if it was valid when used, give that time with --at; otherwise sign again",
    ),
    "NOT_YET_VALID": (
        "请检查 --at 所给时间和本机时钟",
        "check the time given with --at and this machine's clock",
    ),
    "NOT_PERMITTED": (
        "请由有权的角色签名",
        "have it signed by somebody in the role that may sign it",
    ),
}


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What verification of a file finds; `kind` is named only when the content is intact."""

    verdict: Verdict
    kind: str | None

    def as_json(self) -> dict[str, object]:
        """The object that `tongbao verify --json` prints."""
        verdict, signer = self.verdict, self.verdict.signer
        return {
            "intact": verdict.intact,
            "trusted": verdict.trusted,
            "permitted": verdict.permitted,
            "reason": verdict.reason,
            "signer": None
            if signer is None
            else {
                "role": signer.role.value,
                "party": signer.party,
                "name": signer.name,
                "holder": signer.holder,
                "serial": signer.serial,
                "fingerprint": signer.fingerprint,
            },
            "kind": self.kind,
        }

    @property
    def valid(self) -> bool:
        """Whether nothing speaks against it."""
        return self.verdict.reason == "OK"

    @property
    def sentences(self) -> tuple[str, str]:
        """The verdict, and what to do about it, in Chinese and in English."""
        if self.valid:
            return "签名有效", "the signature is valid"
        zh, en = REASONS[self.verdict.reason]
        todo_zh, todo_en = ADVICE[self.verdict.reason]
        return f"{zh}：{todo_zh}", f"{en}; {todo_en}"


def sign_file(data: bytes, signer: Signer) -> tuple[bytes, bool]:
    """The signed content, and whether it stands alone.

    XML gets an enveloped signature (True); anything else a detached JWS to keep beside it
    (False). Raises Malformed for broken XML, ValueError when it is signed already.
    """
    if content_type_of(data) == XML:
        return sign_xml(data, signer), True
    return sign_jws(data, signer).encode() + b"\n", False


def verify_file(
    data: bytes, detached: str | None, trust: TrustStore, at: datetime, role: Role | None = None
) -> FileVerdict:
    """Check a file's own signature, or the detached one beside it.

    With `role`: may somebody in that role have signed it, and is the signer one?
    """
    content_type = content_type_of(data)
    verdict = verify(data, content_type, detached, trust, at).verdict
    kind = _kind(data, content_type) if verdict.intact else None
    if role is not None:
        verdict = verdict.permit(_roles(kind) & {role})
    return FileVerdict(verdict, kind)


def content_type_of(data: bytes) -> str:
    """XML when it begins like XML, else JSON (or plain bytes, which are signed the same way)."""
    return XML if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else JSON


def beside(path: Path) -> Path:
    """Where the detached signature of a file is kept."""
    return path.with_name(path.name + SIGNATURE_SUFFIX)


def _kind(data: bytes, content_type: str) -> str | None:
    try:
        ce_type = kind_named_in(data, content_type)
    except Malformed:  # whatever was signed, it is none of our messages
        return None
    found = KINDS.get(ce_type or "")
    return found.name if found else None


def _roles(kind: str | None) -> frozenset[Role]:
    """Who may sign a kind; a document of no known kind is anybody's to sign."""
    for row in KINDS.values():
        if row.name == kind:
            return row.signed_by
    return frozenset(Role)
