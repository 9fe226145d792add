"""What payment decides: one function a message kind, by document."""

from services.payment.handlers import agreements, dues, payments
from services.payment.handlers.table import HANDLERS

__all__ = ["HANDLERS", "agreements", "dues", "payments"]
