"""`python -m libs.signing examples`: sign the golden examples with throwaway keys.

Run by hand when an example changed: ECDSA signatures differ each time, so a signature that still
fits stays as it is. The certificates live forty years from 2020; the keys are not kept.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from libs.messages import samples
from libs.messages.examples import messages
from libs.messages.generated import EXAMPLES
from libs.messages.parties import Role
from libs.messages.partners import PARTNERS
from libs.messages.registry import kind_of
from libs.signing.files import beside, sign_file, verify_file
from libs.signing.pki import Authority, Subject
from libs.signing.trust import TrustStore

CA = EXAMPLES / "ca.pem"
USAGE = "usage: python -m libs.signing examples"
EXIT_WRONG_USE = 2
_SINCE = datetime(2020, 1, 1, tzinfo=UTC)  # a reader's clock may be behind ours
_DAYS = 365 * 40


def main(arguments: list[str]) -> int:
    """The exit code."""
    if arguments != ["examples"]:
        sys.stderr.write(USAGE + "\n")
        return EXIT_WRONG_USE
    if all(fits(path) for path, _ in plain_examples()):
        sys.stdout.write("every signature fits\n")
        return 0
    authority = Authority.create("Tongbao example CA", since=_SINCE, days=_DAYS)
    CA.write_bytes(authority.issued.certificate_pem())
    for path, subject in plain_examples():
        signer = authority.issue(subject, since=_SINCE, days=_DAYS).signer
        signed, _ = sign_file(path.read_bytes(), signer)
        signed_path(path).write_bytes(signed)
        sys.stdout.write(f"{signed_path(path)}\n")
    return 0


def plain_examples() -> Iterator[tuple[Path, Subject]]:
    """Every unsigned example and who signs it."""
    for message in messages():
        kind = kind_of(type(message))
        folder = EXAMPLES / kind.name / f"v{kind.version}"
        (role,) = kind.signed_by
        for name in ("full.xml", "full.json"):
            yield folder / name, _subject(role, message.meta.sender)


def signed_path(path: Path) -> Path:
    """`full.xml` → `full.signed.xml`; `full.json` → the signature beside it."""
    return path.with_suffix(".signed.xml") if path.suffix == ".xml" else beside(path)


def fits(path: Path) -> bool:
    """Whether the stored signature still fits the example."""
    signed = signed_path(path)
    if not (CA.exists() and signed.exists()):
        return False
    trust, now = TrustStore.load(CA), datetime.now(UTC)
    if path.suffix == ".json":
        return verify_file(path.read_bytes(), signed.read_text().strip(), trust, now).valid
    plain, whole = path.read_bytes(), signed.read_bytes()
    begins = plain[plain.index(b"?>") + 2 : plain.rindex(b"</")].strip()
    return begins in whole and verify_file(whole, None, trust, now).valid


def _subject(role: Role, party: str) -> Subject:
    if role.is_company:
        return Subject(role, party, samples.COMPANY, holder="李晓明", card="2110000001")
    partner = PARTNERS.get(party)
    return Subject(role, party, partner.name if partner else f"单一窗口 {party}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
