"""The only wiring of gateway."""

from libs.service import Service
from services.gateway.documents import RECORDS
from services.gateway.handlers import HANDLERS
from services.gateway.iso20022.kinds import ALL_KINDS
from services.gateway.settings import GatewaySettings

SERVICE = Service(
    name="gateway", handlers=HANDLERS, records=RECORDS, kinds=ALL_KINDS, settings=GatewaySettings
)
