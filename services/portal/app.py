"""The only wiring of the portal."""

from datetime import timedelta

from libs.service import AsgiApp, Service
from libs.service.runtime import Runtime
from services.portal.api.application import application
from services.portal.attachments import Attachments
from services.portal.door import Door
from services.portal.e_policy import Printer
from services.portal.history import History
from services.portal.objects import Objects
from services.portal.parts import Parts
from services.portal.settings import PortalSettings


def _http(runtime: Runtime) -> AsgiApp:
    settings = runtime.settings
    assert isinstance(settings, PortalSettings)  # noqa: S101 - SERVICE names them below
    objects = Objects.at(settings.object_store)
    attachments = Attachments(objects)
    door = Door(runtime.trust, runtime.publisher, attachments, settings.publish_seconds_max)
    parts = Parts(
        pool=runtime.pool,
        trust=runtime.trust,
        door=door,
        history=History.at(settings.history_url, runtime.signer),
        printer=Printer(objects),
        attachments=attachments,
        origin=settings.origin,
        session_lifetime=timedelta(minutes=settings.session_minutes),
        challenge_lifetime=timedelta(seconds=settings.challenge_seconds),
        body_bytes_max=settings.body_bytes_max,
        stop=runtime.stop,
        metrics=runtime.metrics,
        log=runtime.log,
    )
    return application(parts)


SERVICE = Service(name="portal", http=_http, settings=PortalSettings, sessions=True)
