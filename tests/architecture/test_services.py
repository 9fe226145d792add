"""What every business service keeps: the same few files, and a handler for all that it is sent."""

from pathlib import Path

import pytest

from libs.lifecycle.tables import LIFECYCLES
from libs.messages.registry import kind_of
from libs.messages.topics import TOPICS
from libs.service.service import Service
from services.booking.app import SERVICE as BOOKING
from services.payment.app import SERVICE as PAYMENT
from services.policy.app import SERVICE as POLICY

SERVICES = {service.name: service for service in (BOOKING, POLICY, PAYMENT)}
ROOT = Path(__file__).parents[2]
FILES = {"__init__.py", "app.py", "documents.py", "reasons.py", "rules.py", "settings.py"}

every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def kinds(service: Service) -> set[str]:
    return {kind_of(message).ce_type for message in service.handlers.messages}


@every_service
def test_every_message_that_a_service_is_sent_has_a_handler(service: Service) -> None:
    assert TOPICS[f"{service.name}.commands"].kinds <= kinds(service)


@every_service
def test_every_handler_is_sent_its_message(service: Service) -> None:
    arriving = {kind for topic in service.consumed for kind in TOPICS[topic].kinds}
    assert kinds(service) <= arriving


@every_service
def test_every_document_has_its_table_and_its_event_goes_to_the_services_events(
    service: Service,
) -> None:
    for record in service.records:
        if record.event is None:
            assert record.lifecycle is None
            continue
        assert record.lifecycle == LIFECYCLES[record.name]
        assert kind_of(record.event).ce_type in TOPICS[f"{service.name}.events"].kinds


@every_service
def test_every_handlers_record_is_stored(service: Service) -> None:
    stored = set(service.records)
    assert {handler.on for handler in service.handlers.messages.values()} <= stored | {None}
    assert {timer.on for timer in service.handlers.timers.values()} <= stored


@every_service
def test_a_service_has_the_files_that_every_service_has(service: Service) -> None:
    folder = ROOT / "services" / service.name
    assert {path.name for path in folder.iterdir()} >= {*FILES, "README.md"}
    assert (folder / "handlers.py").exists() or (folder / "handlers").is_dir()


def test_every_document_belongs_to_one_service() -> None:
    owned = [
        record.name
        for service in SERVICES.values()
        for record in service.records
        if record.lifecycle
    ]
    assert sorted(owned) == sorted(LIFECYCLES)
