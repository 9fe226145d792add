"""Settings of payment: environment variables that begin with PAYMENT_."""

from pydantic_settings import SettingsConfigDict

from libs.service.settings import ServiceSettings


class PaymentSettings(ServiceSettings):
    """Nothing beyond what every service has."""

    model_config = SettingsConfigDict(env_prefix="PAYMENT_")
