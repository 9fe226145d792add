"""`tongbao up` and `tongbao down` on the whole system."""

from collections.abc import Iterator

import httpx
import pytest

from deploy.local.stack import LocalStack

pytestmark = pytest.mark.stack


def pids(stack: LocalStack) -> dict[str, int]:
    found = {name: stack.supervisor.running(name) for name in stack.addresses()}
    return {name: process.pid for name, process in found.items() if process}


@pytest.fixture
def whole(stack: LocalStack) -> Iterator[LocalStack]:
    """The system, whole again after the test."""
    yield stack
    stack.up()


def test_every_process_runs_and_says_so(stack: LocalStack) -> None:
    assert set(pids(stack)) == set(stack.addresses())


def test_up_again_leaves_what_runs_alone(stack: LocalStack) -> None:
    before = pids(stack)
    stack.up()
    assert pids(stack) == before


def test_up_again_mends_what_was_killed_and_nothing_else(whole: LocalStack) -> None:
    before = pids(whole)
    for name in ("policy", "sandbox-icbc"):
        process = whole.supervisor.running(name)
        assert process
        process.kill()
        process.wait(10)
    whole.up()
    after = pids(whole)
    assert {name for name in after if after[name] != before[name]} == {"policy", "sandbox-icbc"}


def test_up_again_after_all_records_were_lost(whole: LocalStack) -> None:
    for record in whole.home.run.glob("*.pid"):
        record.unlink()
    whole.up()
    assert set(pids(whole)) == set(whole.addresses())
    assert all(len(whole.supervisor.find(name)) == 1 for name in whole.addresses())


def test_no_secret_is_in_a_command_line_or_a_log(stack: LocalStack) -> None:
    secrets = set(stack.home.passwords([]).values())
    shown = [log.read_text() for log in stack.home.logs.iterdir()]
    for name in stack.addresses():
        process = stack.supervisor.running(name)
        assert process
        shown.append(" ".join(process.cmdline()))
    assert not [secret for secret in secrets for text in shown if secret in text]


def test_everything_listens_on_this_machine_only(stack: LocalStack) -> None:
    for name in stack.addresses():
        process = stack.supervisor.running(name)
        assert process
        listening = [one for one in process.net_connections("inet") if one.status == "LISTEN"]
        assert listening
        assert {one.laddr.ip for one in listening} <= {"127.0.0.1", "::ffff:127.0.0.1"}, name


def test_services_tell_their_metrics(stack: LocalStack) -> None:
    for name, address in stack.addresses().items():
        if address.startswith("http") and not name.startswith("sandbox-"):
            answer = httpx.get(f"{address}/metrics", timeout=10)
            assert "# HELP " in answer.text, name
