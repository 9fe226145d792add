"""What policy decides: one function a message kind, by who sends it."""

from services.policy.handlers import asking, company, follow, insurer
from services.policy.handlers.table import HANDLERS

__all__ = ["HANDLERS", "asking", "company", "follow", "insurer"]
