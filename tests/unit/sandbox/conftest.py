"""Keys are made once; each test has its own counterparties."""

import pytest

from tests.unit.sandbox.counter import Counter, Keys


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys.create(tmp_path_factory.mktemp("sandbox-keys"))


@pytest.fixture(params=["PICC", "CPIC"])
def insurer(request: pytest.FixtureRequest, keys: Keys) -> Counter:
    return Counter(request.param, keys)


@pytest.fixture(params=["ICBC", "BOC"])
def bank(request: pytest.FixtureRequest, keys: Keys) -> Counter:
    return Counter(request.param, keys)
