"""An authority, a card and a signed proposal that every test here starts from."""

import pytest

from libs.signing import sign_xml
from tests.support.people import People, a_document


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    return People(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def signed(people: People) -> bytes:
    return sign_xml(a_document(), people.operator.signer)
