"""How a counterparty is steered: what it does instead of answering well."""

from pydantic import BaseModel, ConfigDict, Field


class Behaviour(BaseModel):
    """The steering wheel; all off is a well-behaved partner."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    refuse: bool = False  # say no to everything that can be refused
    delay_ms: int = Field(default=0, ge=0, le=24 * 60 * 60 * 1000)
    silent: bool = False  # do the work, send nothing
    twice: bool = False  # every reply a second time, under a new message id
    garbage: bool = False  # unsigned nonsense instead of the replies


class Steering:
    """The present behaviour, changed over HTTP while requests are worked on."""

    def __init__(self, now: Behaviour | None = None) -> None:
        self.now = now or Behaviour()
