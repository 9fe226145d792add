"""Settings of policy: environment variables that begin with POLICY_."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.service.settings import ServiceSettings
from services.policy.rules import SILENT_WAIT_MAX, WORKING_WAIT_MAX, Waits


class PolicySettings(ServiceSettings):
    """What every service has, and how patient it is with insurers."""

    model_config = SettingsConfigDict(env_prefix="POLICY_")

    ask_again_seconds: float = Field(
        30.0,
        gt=0,
        le=SILENT_WAIT_MAX.total_seconds(),
        description="first wait before a silent insurer is asked again; doubles, at most 3600",
    )
    ask_again_pending_seconds: float = Field(
        3600.0,
        gt=0,
        le=WORKING_WAIT_MAX.total_seconds(),
        description="the same while it is underwriting (20, 21); at most 86400",
    )

    @property
    def parameters(self) -> Waits:
        """What handlers are told."""
        return Waits(
            silent=timedelta(seconds=self.ask_again_seconds),
            working=timedelta(seconds=self.ask_again_pending_seconds),
        )
