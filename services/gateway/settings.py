"""Settings: `GATEWAY_…`."""

from pydantic_settings import SettingsConfigDict

from libs.service.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """The chassis' settings."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")
