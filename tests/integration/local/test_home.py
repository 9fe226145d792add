"""The home directory and the ports: private, locked, and clear about what is wrong."""

import socket
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.local.environment import read_env, write_env
from deploy.local.errors import PortInUse, StackError
from deploy.local.home import Home
from deploy.local.ports import Ports, check_free, free_base
from deploy.local.progress import SilentReporter
from deploy.local.stack import LocalStack


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.prepare()
    return home


def test_passwords_stay_and_only_their_owner_reads_them(home: Home) -> None:
    first = home.passwords(["policy", "payment"])
    assert home.passwords(["policy"])["policy"] == first["policy"]
    assert first["policy"] != first["payment"]
    assert stat.S_IMODE((home.root / "passwords.json").stat().st_mode) == 0o600


def test_settings_files_are_private_and_read_back(home: Home) -> None:
    write_env(home, "policy", {"POLICY_DATABASE_URL": "postgresql://policy:x=y@127.0.0.1/t"})
    assert read_env(home, "policy")["POLICY_DATABASE_URL"].endswith("x=y@127.0.0.1/t")
    assert stat.S_IMODE((home.env / "policy.env").stat().st_mode) == 0o600


def test_two_bring_ups_of_one_home_are_kept_apart(home: Home) -> None:
    with home.locked(), pytest.raises(StackError, match="another program"), home.locked():
        pass
    with home.locked():
        pass


def test_a_full_disk_is_told_before_anything_starts(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(free=5 * 2**20)
    monkeypatch.setattr("deploy.local.home.shutil.disk_usage", lambda _: full)
    with pytest.raises(StackError, match=r"only 5 MB are free.*--home"):
        home.prepare()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="cannot write"):
        Home(tmp_path / "file" / "home").prepare()


def test_a_taken_port_is_told_with_its_holder_and_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"port {port} \(Kafka\).*process \d+.*PORT_BASE="):
            check_free([("Kafka", port)])


def test_a_taken_port_stops_the_bring_up_before_anything_starts(tmp_path: Path) -> None:
    ports = Ports(free_base())
    stack = LocalStack(Home(tmp_path / "home"), ports)
    with socket.create_server(("127.0.0.1", ports.portal)), pytest.raises(PortInUse):
        stack.start_stores()
    assert stack.supervisor.names() == []


def test_a_home_remembers_its_ports(home: Home) -> None:
    home.remember(18000)
    report = SilentReporter()
    assert LocalStack.of(home.root, None, report).ports.portal == 18000
    assert LocalStack.of(home.root, 19000, report).ports.portal == 19000


@pytest.mark.parametrize("base", [80, 65530])
def test_a_port_base_out_of_range_is_refused(base: int) -> None:
    with pytest.raises(StackError, match="port base"):
        Ports(base)
