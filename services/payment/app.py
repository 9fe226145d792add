"""The only wiring of payment."""

from libs.service import Service
from services.payment.documents import RECORDS
from services.payment.handlers import HANDLERS
from services.payment.settings import PaymentSettings

SERVICE = Service(name="payment", handlers=HANDLERS, records=RECORDS, settings=PaymentSettings)
