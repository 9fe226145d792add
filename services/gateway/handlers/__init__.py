"""What the gateway passes on and translates: one function a message kind, by partner."""

from services.gateway.handlers import collections, insurers, mandates
from services.gateway.handlers.table import HANDLERS

__all__ = ["HANDLERS", "collections", "insurers", "mandates"]
