"""The chassis: everything a service does that is no business of its own."""

from libs.service.incoming import Accepted, Dead, Incoming
from libs.service.service import Applier, AsgiApp, Service
from libs.service.settings import ServiceSettings, WrongSettings, load_settings

__all__ = [
    "Accepted",
    "Applier",
    "AsgiApp",
    "Dead",
    "Incoming",
    "Service",
    "ServiceSettings",
    "WrongSettings",
    "load_settings",
]
