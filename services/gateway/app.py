"""The gateway, wired."""

from libs.service.service import Service
from services.gateway.documents import COLLECTIONS, MANDATES
from services.gateway.handlers import HANDLERS
from services.gateway.iso20022.kinds import ALL_KINDS
from services.gateway.settings import GatewaySettings

SERVICE = Service(
    name="gateway",
    handlers=HANDLERS,
    records=(MANDATES, COLLECTIONS),
    kinds=ALL_KINDS,
    settings=GatewaySettings,
)
