"""The only wiring of booking."""

from libs.service import Service
from services.booking.documents import RECORDS
from services.booking.handlers import HANDLERS
from services.booking.settings import BookingSettings

SERVICE = Service(name="booking", handlers=HANDLERS, records=RECORDS, settings=BookingSettings)
