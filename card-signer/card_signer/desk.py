"""Where cards are used: one operation at a time, each of them shown and agreed to.

Everything that a door or the command line can have done is a method here, so both obey the same
rules. Methods block; a door calls them in a thread.
"""

import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from card_signer import slots
from card_signer.card import Backend, Card, CardSigner, Slot
from card_signer.consent import LAST, Consent, Question
from card_signer.holder import Holder, holder_of
from card_signer.lines import Line
from card_signer.pin import Pin
from card_signer.plain_text import plain_lines
from card_signer.reading import read
from card_signer.seals.sealing import Sealing, Spot
from card_signer.seals.shelf import Shelf, seal_of
from card_signer.troubles import Trouble
from card_signer.trust import Trust
from card_signer.turns import Turns, check_nonce
from libs.messages.parties import COMPANY_ROLES, Role
from libs.signing.jws import sign_jws
from libs.signing.proofs import login_statement
from libs.signing.seals import Seal
from libs.signing.xmldsig import sign_canonical

LOCAL = "命令行"  # the origin of what is not asked by a site
Opened = tuple[Card, Holder]
Fits = Callable[[Holder], None]  # raises Trouble for a holder who may not
_PIN_WORDS = (Line("说明", "密码在本机输入，不会发送给网站"),)
_AWAY = {"NO_CARD", "NO_READER", "WRONG_CARD"}
# why the next slot is looked at; of several reasons the last one here is told
_NEXT = ("NO_CARD", "BLANK", "NOT_OUR_CARD", "WRONG_CARD")


def _anyone(holder: Holder) -> None:
    """Both of a company's cards may."""


def _of_role(roles: Container[Role]) -> Fits:
    def fits(holder: Holder) -> None:
        if holder.role not in roles:
            raise Trouble("ROLE", needed=_other(holder.role).zh)

    return fits


@dataclass(frozen=True)
class Limits:
    """How long a user may take and how often a site may ask."""

    answer_seconds: float = 120.0
    a_minute: int = 30


@dataclass
class Desk:
    """The cards of this computer and whoever sits before it."""

    backends: Sequence[Backend]
    consent: Consent
    limits: Limits = Limits()
    trust: Trust | None = None  # without it only the sites judge who issued and who revoked
    shelf: Shelf = field(default_factory=Shelf)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _access: threading.Lock = field(default_factory=threading.Lock)  # never held while users read

    def __post_init__(self) -> None:
        self._turns = Turns(self.limits.a_minute)

    def slots(self) -> list[Slot]:
        """As `slots.every`. Raises Trouble."""
        return slots.every(self.backends)

    def holders(self) -> list[Holder]:
        """Whose cards are in. Raises Trouble when there is none that could be used."""
        full = slots.full(self.backends)
        found, seen = [], Trouble("NO_CARD")
        with self._access:
            for slot in full:
                try:
                    with slots.backend_of(self.backends, slot).open(slot) as card:
                        found.append(holder_of(card.certificate))
                except Trouble as trouble:
                    seen = _worse(seen, trouble)
        if not found:
            raise seen
        return found

    def check(self, holder: Holder) -> None:
        """Whether a card counts now.

        Raises Trouble EXPIRED, NOT_YET_VALID, REVOKED, NOT_OUR_CARD, TRUST_FILES.
        """
        at = self.now()
        holder.check(at)
        if self.trust is not None:
            self.trust.check(holder.certificate, at)

    @contextmanager
    def looking(self, wanted: str = "") -> Iterator[Opened]:
        """A card to look at, also one that has expired. Raises Trouble."""
        with self._access, ExitStack() as stack:
            yield self._first(wanted, stack)

    def login(self, origin: str, nonce: str, wanted: str = "") -> Mapping[str, str]:
        """Prove to `origin` who is here: {signature (detached JWS), card}. A nonce serves once."""
        check_nonce(nonce)
        lines = (Line("网站", origin, is_key=True),)
        with self._agreed(origin, "登录", lines, wanted) as (signer, holder):
            self._turns.use_up(nonce)
            signature = sign_jws(login_statement(origin, nonce), signer)
        return {"signature": signature, "card": holder.fingerprint}

    def sign(self, origin: str, document: bytes, wanted: str = "") -> bytes:
        """The document, read, shown, agreed to and signed."""
        reading = read(document)
        with self._agreed(
            origin, reading.title, reading.lines, wanted, fits=_of_role(reading.roles)
        ) as (signer, _):
            return sign_canonical(reading.xml, signer)

    def sign_text(self, origin: str, text: str, wanted: str = "") -> tuple[bytes, Holder]:
        """A signature over a text that is shown as it is: what pages for the official control ask.

        Raises Trouble for a text that hides something, or is part of another signature: see
        `plain_lines`.
        """
        lines = plain_lines(text)
        with self._agreed(origin, "签名原文", lines, wanted) as (signer, holder):
            return signer.sign(text.encode()), holder

    def seal(self, origin: str, pdf: bytes, seal: bytes, spot: Spot, wanted: str = "") -> bytes:
        """A PDF, shown, agreed to and sealed (GB/T 38540); an empty `seal` is the card's own.

        Raises Trouble PDF, TOO_LARGE, NO_SEAL, SEAL_FILES, SEAL_….
        """
        found = seal_of(seal) if seal else self.seal_here(wanted)
        self.shelf.check_maker(found)
        sealing = Sealing.of(pdf, found, spot)

        def fits(holder: Holder) -> None:
            sealing.check(holder, self.now())

        with (
            sealing.to_look_at() as file,
            self._agreed(origin, "电子签章", sealing.lines, wanted, fits, file) as (signer, _),
        ):
            return sealing.done(signer, self.now())

    def seal_here(self, wanted: str = "") -> Seal:
        """The seal of the card that is in. Raises Trouble NO_SEAL, SEAL_FILES."""
        with self.looking(wanted) as (_, holder):
            return self.shelf.seal_for(holder.certificate, self.now())

    def verify_pin(self, pin: Pin, wanted: str = "") -> None:
        """Try a PIN. Raises Trouble PIN_WRONG, PIN_LOCKED; LAST_TRY rather than using it up."""
        with self._turns.one(LOCAL), self._card(wanted) as (card, _):
            _spare_the_last(card)
            card.verify_pin(pin)

    def change_pin(self, old: Pin, new: Pin, wanted: str = "") -> None:
        """Raises Trouble as `verify_pin`."""
        with self._turns.one(LOCAL), self._card(wanted) as (card, _):
            _spare_the_last(card)
            card.change_pin(old, new)

    def ask_pin(self, origin: str, wanted: str = "") -> None:
        """Have the user type the PIN, for a site that wants to know whether it is right.

        Raises Trouble as `verify_pin`.
        """
        with self._agreed(origin, "验证密码", _PIN_WORDS, wanted) as (signer, _):
            signer.card.verify_pin(signer.pin)

    def ask_new_pin(self, origin: str, wanted: str = "") -> None:
        """Have the user change the PIN: the old one and twice the new one are typed here.

        Raises Trouble as `verify_pin`; PIN_FORM when the two differ, then nothing was tried.
        """
        with self._turns.one(origin), ExitStack() as pins:
            question, holder = self._seen(origin, "修改密码", _PIN_WORDS, wanted, _anyone)
            later = replace(question, tries_left=None)
            old, new, again = (
                pins.enter_context(self.consent.ask(asked, self.limits.answer_seconds))
                for asked in (
                    replace(question, pin="原密码"),
                    replace(later, pin="新密码"),
                    replace(later, pin="新密码（再次）"),
                )
            )
            if new.characters() != again.characters():
                raise Trouble("PIN_FORM", what="两次输入不一致")
            with self._same(holder) as card:
                card.change_pin(old, new)

    @contextmanager
    def _card(self, wanted: str) -> Iterator[Opened]:
        """The card with the fingerprint `wanted`, or the only one. Raises Trouble."""
        with self._access, ExitStack() as stack:
            card, holder = self._first(wanted, stack)
            self.check(holder)
            yield card, holder

    @contextmanager
    def _agreed(
        self,
        origin: str,
        title: str,
        lines: Sequence[Line],
        wanted: str,
        fits: Fits = _anyone,
        file: str = "",
    ) -> Iterator[tuple[CardSigner, Holder]]:
        """A signer for one thing that the user has seen and agreed to.

        The card is not held while the user reads: others may use it, and some systems take it away
        from who is idle. It must be the same card afterwards.
        """
        with self._turns.one(origin):
            question, holder = self._seen(origin, title, lines, wanted, fits)
            question = replace(question, file=file)
            with (
                self.consent.ask(question, self.limits.answer_seconds) as pin,
                self._same(holder) as card,
            ):
                yield CardSigner(card, pin), holder

    def _seen(
        self,
        origin: str,
        title: str,
        lines: Sequence[Line],
        wanted: str,
        fits: Fits,
    ) -> tuple[Question, Holder]:
        with self._card(wanted) as (card, holder):
            fits(holder)
            return self._question(origin, title, lines, card, holder), holder

    @contextmanager
    def _same(self, holder: Holder) -> Iterator[Card]:
        with ExitStack() as stack:
            try:
                card, _ = stack.enter_context(self._card(holder.fingerprint))
            except Trouble as trouble:
                raise Trouble("REMOVED") if trouble.code in _AWAY else trouble from None
            yield card

    def _question(
        self, origin: str, title: str, lines: Sequence[Line], card: Card, holder: Holder
    ) -> Question:
        left = card.tries_left()
        if left == 0:
            raise Trouble("PIN_LOCKED")
        warnings = tuple(holder.warnings(self.now()))
        return Question(origin, title, holder.zh, tuple(lines), left, warnings)

    def _first(self, wanted: str, stack: ExitStack) -> Opened:
        """The first card that is meant, open for as long as `stack` is. Raises Trouble."""
        seen = Trouble("NO_CARD")
        for slot in slots.full(self.backends):
            with ExitStack() as tried:
                try:
                    card = tried.enter_context(slots.backend_of(self.backends, slot).open(slot))
                    holder = holder_of(card.certificate)
                    if wanted and holder.fingerprint != wanted:
                        raise Trouble("WRONG_CARD")
                except Trouble as trouble:
                    seen = _worse(seen, trouble)
                    continue
                stack.enter_context(tried.pop_all())
                return card, holder
        raise seen


def _worse(seen: Trouble, found: Trouble) -> Trouble:
    """Which of two troubles says more. Raises `found` when it is none to go on from."""
    if found.code not in _NEXT:
        raise found
    return max(seen, found, key=lambda each: _NEXT.index(each.code))


def _other(role: Role) -> Role:
    return next(each for each in COMPANY_ROLES if each is not role)


def _spare_the_last(card: Card) -> None:
    left = card.tries_left()
    if left == 0:
        raise Trouble("PIN_LOCKED")
    if left == LAST:
        raise Trouble("LAST_TRY")
