"""Settings of booking: environment variables that begin with BOOKING_."""

from pydantic_settings import SettingsConfigDict

from libs.service.settings import ServiceSettings


class BookingSettings(ServiceSettings):
    """Nothing beyond what every service has."""

    model_config = SettingsConfigDict(env_prefix="BOOKING_")
