import pytest

from tests.contract.iso20022.exchange import Exchange
from tests.unit.sandbox.counter import Counter, Keys


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys.create(tmp_path_factory.mktemp("exchange-keys"))


@pytest.fixture(params=["ICBC", "BOC"])
def exchange(request: pytest.FixtureRequest, keys: Keys) -> Exchange:
    return Exchange(Counter(request.param, keys))
