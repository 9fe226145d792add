"""The HANDLERS table, filled by the modules beside it."""

from libs.decisions import Handlers

HANDLERS = Handlers()
