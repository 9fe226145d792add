"""Settings of gateway: environment variables that begin with GATEWAY_."""

from pydantic_settings import SettingsConfigDict

from libs.service import ServiceSettings


class GatewaySettings(ServiceSettings):
    """Nothing beyond what every service has."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")
