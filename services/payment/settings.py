"""Settings of payment: environment variables that begin with PAYMENT_."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.service.settings import ServiceSettings
from services.payment.rules import QUERY_WAIT_MAX, Waits


class PaymentSettings(ServiceSettings):
    """What every service has, and how patient it is with banks."""

    model_config = SettingsConfigDict(env_prefix="PAYMENT_")

    query_seconds: float = Field(
        20.0,
        gt=0,
        le=QUERY_WAIT_MAX.total_seconds(),
        description="first wait before a silent bank is queried; doubles, at most 3600",
    )

    @property
    def parameters(self) -> Waits:
        """What handlers are told."""
        return Waits(query=timedelta(seconds=self.query_seconds))
