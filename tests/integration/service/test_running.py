"""The process: how it starts, what it refuses, what it answers, how it stops."""

import asyncio
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from tests.integration.service.conftest import ROOT, World, fill_box, open_box, until
from tests.integration.service.toy import Toy

pytestmark = pytest.mark.stack


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


async def asked(port: int, path: str) -> tuple[int, str]:
    return await asyncio.to_thread(get, port, path)


def run_toy(world: World, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.integration.service.run_toy", world.toy.name],
        env={"PATH": "", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_it_answers_probes_and_metrics(world: World) -> None:
    async with world.running() as process:
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        assert await asked(process.port, "/livez") == (200, '{"alive":true,"stalled_seconds":{}}')
        assert await asked(process.port, "/readyz") == (200, '{"ready":true,"missing":[]}')
        status, text = await asked(process.port, "/metrics")
        assert status == 200
        name = world.toy.name
        told = f'tongbao_messages_total{{kind="OpenBox",outcome="applied",service="{name}"}} 1.0'
        assert told in text
        assert (await asked(process.port, "/else"))[0] == 404


async def test_a_pipeline_that_does_not_move_is_seen_by_probe_and_metric(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncio.Event()
    async with world.running(stall_seconds_max=0.5) as process:
        from libs.service.pipeline import Pipeline

        async def stuck(self: Pipeline, parts: object) -> None:
            await release.wait()

        monkeypatch.setattr(Pipeline, "_in_parts", stuck)
        await world.send(world.sealed(open_box("BX1")))
        await until(lambda: bool(process.progress.stalled()))
        status, text = await asked(process.port, "/livez")
        assert (status, "pipeline" in text) == (503, True)
        _, metrics = await asked(process.port, "/metrics")
        assert f'tongbao_stalled{{activity="pipeline",service="{world.toy.name}"}} 1.0' in metrics
        release.set()


async def test_a_consumer_that_fetches_nothing_while_messages_wait_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from libs.service.consumer import PatientConsumer

    stopped = asyncio.Event()
    original = PatientConsumer.getmany

    async def deaf(self: PatientConsumer, *args: object, **options: object) -> object:
        await stopped.wait()
        return await original(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(PatientConsumer, "getmany", deaf)
    async with world.running(stall_seconds_max=0.5, trust_refresh_seconds=0.2) as process:
        assert not process.progress.stalled()
        await world.send(world.sealed(open_box("BX1")))
        await until(lambda: "consumer" in process.progress.stalled())
        assert process.metrics.value("lag") == 1
        stopped.set()
        await until(lambda: not process.progress.stalled())


async def test_a_stuck_event_loop_is_seen_from_outside(world: World) -> None:
    import time

    async with world.running(stall_seconds_max=0.5) as process:
        from concurrent.futures import ThreadPoolExecutor

        def wait_for_503() -> int:
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                status, _ = get(process.port, "/livez")
                if status == 503:
                    return status
            return 0

        with ThreadPoolExecutor(1) as threads:
            seen = threads.submit(wait_for_503)
            time.sleep(2)  # noqa: ASYNC251 - this is the stuck loop
            assert seen.result(10) == 503


async def test_sigterm_ends_it_in_good_order(world: World) -> None:
    process = world.spawn(batch_records_max=5)
    await world.send(
        world.sealed(open_box("BX1")), *(world.sealed(fill_box("BX1")) for _ in range(50))
    )
    await world.read(world.toy.events, 5)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 20) == 0
    async with world.running():
        await until(lambda: _filled(world, 50))
    assert await world.count("inbox") == 51


async def _filled(world: World, total: int) -> bool:
    (row,) = await world.sql("SELECT (body->>'total')::int AS total FROM record")
    return bool(row["total"] == total)


def spawn(environment: dict[str, str], *names: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.integration.service.run_toy", *names]
    return subprocess.Popen(command, env={"PATH": "", **environment}, cwd=ROOT)


async def test_two_services_in_one_process(world: World) -> None:
    other = f"{world.toy.name}b"
    toy = Toy(other)
    world.stores.create_topics(toy.commands, toy.events, toy.requests)
    environment = world.environment(kafka_group=world.toy.name)
    old, new = world.toy.name.upper(), other.upper()
    environment |= {key.replace(old, new): value for key, value in environment.items()}
    process = spawn(environment, world.toy.name, other)
    try:
        await world.send(world.sealed(open_box("BX1")))
        await world.send(world.sealed(open_box("BX2")), topic=toy.commands)
        await world.read(world.toy.events, 1)
        await until(lambda: _boxes(world, 2))
    finally:
        process.terminate()
        assert await asyncio.to_thread(process.wait, 20) == 0


async def _boxes(world: World, count: int) -> bool:
    return await world.count("record") == count


async def test_wrong_settings_are_told_all_at_once_without_values(world: World) -> None:
    environment = world.environment(kafka_bootstrap="nonsense", batch_records_max="many")
    name = world.toy.name.upper()
    environment[f"{name}_DATABASE_URL"] = "mysql://login:S3cret@host/db"
    del environment[f"{name}_KEY_FILE"]
    result = await asyncio.to_thread(run_toy, world, environment)
    assert result.returncode == 2
    assert f"{name}_KAFKA_BOOTSTRAP: " in result.stderr
    assert "should be: host:port" in result.stderr
    assert f"{name}_BATCH_RECORDS_MAX: " in result.stderr
    assert f"{name}_KEY_FILE: is not set" in result.stderr
    assert f"{name}_DATABASE_URL: " in result.stderr
    assert "S3cret" not in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


async def test_missing_topics_are_told_and_waited_for(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = Toy(f"{world.toy.name}x")
    topics = {toy.commands: replace(toy.service.topics[toy.commands], consumers=(world.toy.name,))}
    world.toy.__dict__["service"] = replace(world.toy.service, topics=topics)
    async with world.starting(retry_seconds_max=0.3) as process:
        await until(lambda: toy.commands in capsys.readouterr().err)
        world.stores.create_topics(toy.commands)
        await until(lambda: not process.progress.missing())


async def test_a_port_in_use_is_told(world: World) -> None:
    async with world.running() as first:
        environment = world.environment(http_port=first.port)
        result = await asyncio.to_thread(run_toy, world, environment)
    assert result.returncode == 1
    assert f"port {first.port}: Address already in use" in result.stdout


async def test_a_key_that_does_not_fit_is_told(world: World) -> None:
    environment = world.environment(key_file=world.pki.home / "ca.pem")
    result = await asyncio.to_thread(run_toy, world, environment)
    assert result.returncode == 1
    assert "not a usable private key" in result.stdout


async def test_tables_older_than_the_code_are_refused(world: World) -> None:
    await world.sql("DELETE FROM migration")
    result = await asyncio.to_thread(run_toy, world, world.environment())
    assert result.returncode == 1
    assert f"python -m services migrate {world.toy.name}" in result.stdout
