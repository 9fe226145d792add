"""Start at log-in: what is written for each system, and what is said when it cannot be."""

import plistlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from card_signer.autostart.install import install, remove, status
from card_signer.autostart.units import LABEL, NAME, WAYS, Person, Unit, unit_for
from tests.card.conftest import refused
from tests.card.program import Program

PROGRAM = ("/opt/a b/100%/$x/python", "-P", "-m", "card_signer", "serve")
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
# the elements that the task scheduler's schema documents, of those that may stand there
DOCUMENTED = {
    "Task": {"RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"},
    "RegistrationInfo": {"Description", "Author", "URI"},
    "Triggers": {"LogonTrigger"},
    "LogonTrigger": {"Enabled", "StartBoundary", "EndBoundary", "UserId", "Delay"},
    "Principals": {"Principal"},
    "Principal": {"UserId", "LogonType", "RunLevel", "GroupId", "DisplayName"},
    "Settings": {
        "MultipleInstancesPolicy",
        "DisallowStartIfOnBatteries",
        "StopIfGoingOnBatteries",
        "RestartOnFailure",
        "ExecutionTimeLimit",
    },
    "RestartOnFailure": {"Interval", "Count"},
    "Actions": {"Exec"},
    "Exec": {"Command", "Arguments", "WorkingDirectory"},
}


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path, PROGRAM, "OFFICE\\李晓明", 501, {})


def test_a_systemd_unit_is_one_that_systemd_understands(person: Person, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("not here: systemd-analyze")
    python = tmp_path / "a b 100% $x"
    python.symlink_to("/bin/true")
    unit = unit_for("linux", replace(person, program=(str(python), *PROGRAM[1:])))
    assert unit.path == tmp_path / ".config/systemd/user" / f"{NAME}.service"
    place = tmp_path / unit.path.name
    for text, is_good in ((unit.text, True), (unit.text + b"Nonsense=1\n[Service\n", False)):
        place.write_bytes(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--user", "--man=no", str(place)],
            capture_output=True,
            text=True,
            check=False,
            env={"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        )
        said = [line for line in done.stderr.splitlines() if NAME in line]
        assert (not said) is is_good, done.stderr


def test_a_systemd_unit_follows_the_users_folder_of_settings(person: Person) -> None:
    unit = unit_for("linux", replace(person, variables={"XDG_CONFIG_HOME": "/elsewhere"}))
    assert unit.path.parent == Path("/elsewhere/systemd/user")


def test_a_launchd_agent_reads_back_as_what_it_shall_do(person: Person) -> None:
    unit = unit_for("darwin", person)
    agent = plistlib.loads(unit.text)
    assert agent["Label"] == LABEL == unit.path.stem
    assert agent["ProgramArguments"] == list(PROGRAM)
    assert (agent["RunAtLoad"], agent["KeepAlive"]) == (True, {"SuccessfulExit": False})
    assert unit.path.parent == person.home / "Library" / "LaunchAgents"
    assert all("gui/501" in " ".join(command) for command in unit.install)


def test_a_windows_task_has_the_documented_elements_and_needs_no_administrator(
    person: Person,
) -> None:
    unit = unit_for("win32", person)
    assert unit.text.startswith(b"\xff\xfe")  # schtasks reads UTF-16
    task = etree.fromstring(unit.text)
    for element in task.iter():
        below = {child.tag.removeprefix(TASK) for child in element}
        assert below <= DOCUMENTED.get(element.tag.removeprefix(TASK), set())
    found = {name: task.findtext(f".//{TASK}{name}") for name in ("RunLevel", "LogonType")}
    assert found == {"RunLevel": "LeastPrivilege", "LogonType": "InteractiveToken"}
    users = [each.text for each in task.iter(f"{TASK}UserId")]
    assert users == ["OFFICE\\李晓明"] * 2  # whose log-in starts it, and as whom it runs
    assert task.findtext(f".//{TASK}Command") == PROGRAM[0]
    assert task.findtext(f".//{TASK}Arguments") == " ".join(PROGRAM[1:])


@pytest.mark.parametrize("platform", WAYS)
def test_nothing_secret_and_no_settings_stand_in_a_unit(platform: str, person: Person) -> None:
    secret = replace(person, variables={"CARD_SIGNER_ORIGINS": "https://a.example"})
    assert unit_for(platform, secret).text == unit_for(platform, person).text


def unit_of(folder: Path, **commands: tuple[tuple[str, ...], ...]) -> Unit:
    """A unit whose system is a folder: `known` is there when the system knows it."""
    known = str(folder / "known")
    given = {
        "install": (("touch", known),),
        "stop": (("false",),),
        "remove": (("rm", known),),
        **commands,
    }
    return Unit(folder / "units" / "unit", b"text", status=("test", "-e", known), **given)


def test_it_is_installed_told_and_removed(tmp_path: Path) -> None:
    unit = unit_of(tmp_path)
    assert list(status(unit)) == ["未安装 (not installed)"]
    install(unit)
    assert "正常" in list(status(unit))[-1]
    (tmp_path / "known").unlink()
    assert "test -e" in list(status(unit))[-1]
    install(unit)  # again, over what is there
    remove(unit)
    assert list(tmp_path.iterdir()) == [tmp_path / "units"]
    assert not list(unit.path.parent.iterdir())
    remove(unit)


@pytest.mark.parametrize(
    "command", [("false",), ("no-such-program",), ("sh", "-c", "echo why>&2; exit 3")]
)
def test_what_fails_is_told_and_nothing_is_left(tmp_path: Path, command: tuple[str, ...]) -> None:
    unit = unit_of(tmp_path, install=(("touch", str(tmp_path / "known")), command))
    with refused("AUTOSTART") as trouble:
        install(unit)
    assert command[0] in trouble.value.zh
    assert ("why" in trouble.value.zh) == ("sh" in command)
    assert not unit.path.exists()
    assert not (tmp_path / "known").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "units").write_text("no folder")
    with refused("AUTOSTART"):
        install(unit_of(tmp_path))


def test_without_a_session_of_systemd_the_command_says_so(tmp_path: Path) -> None:
    """As root in a container, or over ssh without a session: the real systemctl is asked."""
    if not shutil.which("systemctl"):
        pytest.skip("not here: systemctl")
    program = Program(tmp_path)
    done = program.run("autostart", "install")
    assert done.returncode == 1
    assert "AUTOSTART" in done.stderr
    assert "systemctl --user" in done.stderr
    assert not list(tmp_path.rglob("*.service"))
    done = program.run("autostart", "status")
    assert (done.returncode, done.stdout) == (0, "未安装 (not installed)\n")
    assert program.run("autostart", "remove").returncode == 0


def test_settings_that_log_in_does_not_see_are_told(tmp_path: Path) -> None:
    """A stand-in for systemctl that always does well: only our own words are looked at."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "systemctl").write_text("#!/bin/sh\nexit 0\n")
    (bin_ / "systemctl").chmod(0o755)
    settings = {"origins": '["https://a.example"]'}
    done = Program(tmp_path, settings, f"{bin_}:/usr/bin:/bin").run("autostart", "install")
    assert done.returncode == 0
    assert "CARD_SIGNER_ORIGINS" in done.stderr
    assert "card-signer.toml" in done.stderr
    (unit,) = tmp_path.rglob("*.service")
    assert "a.example" not in unit.read_text()
