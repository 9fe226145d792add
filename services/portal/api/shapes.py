"""The shapes of requests and answers, as OpenAPI shows them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from libs.messages.parties import Role


class Shape(BaseModel):
    """camelCase on the wire; nothing unknown is taken."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class WrongField(Shape):
    """One thing that is wrong: where, and what would be right."""

    path: str
    label: str
    problem: str
    expected: str = ""


class Refusal(Shape):
    """Every 4xx and 5xx answer."""

    code: str
    message: str = Field(description="中文")
    message_en: str
    detail: str = ""
    errors: list[WrongField] = Field(default_factory=list)


class Challenge(Shape):
    """What a card is to sign: the UTF-8 bytes of `statement`, as a detached JWS."""

    nonce: str
    origin: str
    expires_at: datetime
    statement: str


class Login(Shape):
    """A signed challenge."""

    nonce: str = Field(min_length=1, max_length=100)
    origin: str = Field(min_length=1, max_length=200)
    signature: str = Field(min_length=1, max_length=16_384, description="detached JWS (RFC 7515)")


class LoggedIn(Shape):
    """A session; `token` is shown once, at login."""

    token: str | None = None
    expires_at: datetime
    role: Role
    role_name: str
    uscc: str
    company: str
    holder: str
    card: str


class CardInReader(Shape):
    """The card that is in the client's reader now, by the fingerprint of its certificate."""

    card: str | None = Field(
        pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the DER, hexadecimal; null: no card"
    )


class Taken(Shape):
    """A message that is on its way; what becomes of it is at /api/messages/{messageId}."""

    message_id: str
    document_id: str
    kind: str


class Action(Shape):
    """A button: its label and the message kind that it signs."""

    name: str
    label: str
    kind: str


class Actions(Shape):
    """What the card that is logged in may do to a document now."""

    kind: str
    id: str
    status: str
    status_name: str
    actions: list[Action]


class StoredFile(Shape):
    """An uploaded file, as a form's 附件信息 refers to it."""

    sha256: str
    size: int
    media_type: str
