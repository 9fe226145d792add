"""Settings of policy: environment variables that begin with POLICY_."""

from pydantic_settings import SettingsConfigDict

from libs.service.settings import ServiceSettings


class PolicySettings(ServiceSettings):
    """Nothing beyond what every service has."""

    model_config = SettingsConfigDict(env_prefix="POLICY_")
