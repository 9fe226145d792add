"""What starts the program at log-in: a systemd user unit, a launchd agent, a Windows task.

Pure: where each is written, what it says, and which commands make the system know of it. None of
them needs an administrator.
"""

import os
import plistlib
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

NAME = "tongbao-card-signer"
LABEL = f"org.tongbao.{NAME.removeprefix('tongbao-')}"
DESCRIPTION = "Tongbao card signer: lets allowed sites use this user's card"
_TASK = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_RESTART_SECONDS = 10
_SYSTEMD_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "%": "%%"})
Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Whose log-in it is: everything that a unit's text and place depend on."""

    home: Path
    program: Command  # what serves
    user: str = ""  # Windows: DOMAIN\\name
    number: int = 0  # macOS: user id
    variables: Mapping[str, str] = field(default_factory=dict)  # the environment


@dataclass(frozen=True, slots=True)
class Unit:
    """One system's way: a file, and the commands that make the system know of it."""

    path: Path
    text: bytes
    install: Sequence[Command]  # when the file is there
    remove: Sequence[Command]  # while it still is
    status: Command
    stop: Sequence[Command] = ()  # before `remove`; fails when it does not run
    forget: Sequence[Command] = ()  # when the file is gone


def this_person() -> Person:
    """Who runs this, on this computer."""
    variables = dict(os.environ)
    name = variables.get("USERNAME", "")
    domain = variables.get("USERDOMAIN", "")
    number = os.getuid() if sys.platform != "win32" else 0
    user = f"{domain}\\{name}" if domain else name
    return Person(
        Path.home(), (_python(), "-P", "-m", "card_signer", "serve"), user, number, variables
    )


def unit_for(platform: str, person: Person) -> Unit:
    """The unit of a `sys.platform`. Raises KeyError for a system that we know no way for."""
    return WAYS[platform](person)


def _systemd(person: Person) -> Unit:
    config = Path(person.variables.get("XDG_CONFIG_HOME") or person.home / ".config")
    name = f"{NAME}.service"
    run = ("systemctl", "--user")
    return Unit(
        config / "systemd" / "user" / name,
        _SERVICE.format(
            description=DESCRIPTION,
            command=_systemd_command(*person.program),
            seconds=_RESTART_SECONDS,
        ).encode(),
        install=((*run, "daemon-reload"), (*run, "enable", "--now", name)),
        remove=((*run, "disable", "--now", name),),
        status=(*run, "is-active", name),
        forget=((*run, "daemon-reload"),),
    )


# What needs a mount namespace (ProtectSystem, ProtectKernel…, RestrictNamespaces' kin) is in force
# where the user's manager may make one, and passed over where not. PrivateTmp would hide the X
# server's socket, PrivateNetwork and IPAddressDeny the pages, PrivateDevices nothing that pcscd,
# who holds the readers, does not guard. Memory that is written and run is what ctypes needs.
_SERVICE = """\
[Unit]
Description={description}
PartOf=graphical-session.target
After=graphical-session.target
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
ExecStart={command}
Restart=on-failure
RestartSec={seconds}
TimeoutStopSec=10
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
ProtectSystem=full
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes

[Install]
WantedBy=graphical-session.target
"""


def _launchd(person: Person) -> Unit:
    path = person.home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    domain = f"gui/{person.number}"
    agent = {
        "Label": LABEL,
        "ProgramArguments": list(person.program),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": _RESTART_SECONDS,
        "LimitLoadToSessionType": "Aqua",
        "ProcessType": "Interactive",
        "Umask": 0o077,
        "HardResourceLimits": {"Core": 0},
        "StandardErrorPath": str(person.home / "Library" / "Logs" / f"{NAME}.log"),
    }
    return Unit(
        path,
        plistlib.dumps(agent),
        install=(("launchctl", "bootstrap", domain, str(path)),),
        remove=(("launchctl", "bootout", f"{domain}/{LABEL}"),),
        status=("launchctl", "print", f"{domain}/{LABEL}"),
    )


def _windows(person: Person) -> Unit:
    local = Path(person.variables.get("LOCALAPPDATA") or person.home / "AppData" / "Local")
    path = local / NAME / "task.xml"
    return Unit(
        path,
        _task(person),
        install=(
            ("schtasks", "/Create", "/F", "/TN", NAME, "/XML", str(path)),
            ("schtasks", "/Run", "/TN", NAME),
        ),
        remove=(("schtasks", "/Delete", "/F", "/TN", NAME),),
        status=("schtasks", "/Query", "/TN", NAME),
        stop=(("schtasks", "/End", "/TN", NAME),),
    )


def _task(person: Person) -> bytes:
    command, *arguments = person.program
    task = etree.fromstring(f'<Task version="1.2" xmlns="{_TASK}"/>')
    for path, text in (
        ("RegistrationInfo/Description", DESCRIPTION),
        ("Triggers/LogonTrigger/Enabled", "true"),
        ("Triggers/LogonTrigger/UserId", person.user),
        ("Principals/Principal/UserId", person.user),
        ("Principals/Principal/LogonType", "InteractiveToken"),
        ("Principals/Principal/RunLevel", "LeastPrivilege"),
        ("Settings/MultipleInstancesPolicy", "IgnoreNew"),
        ("Settings/DisallowStartIfOnBatteries", "false"),
        ("Settings/StopIfGoingOnBatteries", "false"),
        ("Settings/RestartOnFailure/Interval", "PT1M"),
        ("Settings/RestartOnFailure/Count", "5"),
        ("Settings/ExecutionTimeLimit", "PT0S"),  # without end
        ("Actions/Exec/Command", command),
        ("Actions/Exec/Arguments", subprocess.list2cmdline(arguments)),
    ):
        _at(task, path.split("/")).text = text
    for name, attribute in (("Principals/Principal", "id"), ("Actions", "Context")):
        _at(task, name.split("/")).set(attribute, "Author")
    declared = '<?xml version="1.0" encoding="UTF-16"?>\n'
    return (declared + etree.tostring(task, encoding="unicode")).encode("utf-16")


def _at(task: etree._Element, names: Sequence[str]) -> etree._Element:
    """The element below, made if it is not there."""
    at = task
    for name in names:
        found = at.find(f"{{{_TASK}}}{name}")
        at = etree.SubElement(at, f"{{{_TASK}}}{name}") if found is None else found
    return at


def _systemd_command(program: str, *arguments: str) -> str:
    """As systemd.syntax wants it; variables are looked for in arguments only."""
    parts = (program, *(argument.replace("$", "$$") for argument in arguments))
    return " ".join(f'"{part.translate(_SYSTEMD_ESCAPES)}"' for part in parts)


def _python() -> str:
    """This Python; on Windows the one that opens no console."""
    windowless = Path(sys.executable).with_name("pythonw.exe")
    return str(windowless) if sys.platform == "win32" and windowless.exists() else sys.executable


WAYS: Mapping[str, Callable[[Person], Unit]] = {
    "linux": _systemd,
    "darwin": _launchd,
    "win32": _windows,
}
