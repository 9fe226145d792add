"""The only wiring of policy."""

from libs.service import Service
from services.policy.documents import RECORDS
from services.policy.handlers import HANDLERS
from services.policy.settings import PolicySettings

SERVICE = Service(name="policy", handlers=HANDLERS, records=RECORDS, settings=PolicySettings)
