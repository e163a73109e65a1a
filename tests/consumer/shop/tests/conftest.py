import pytest
from shop import POLICY, create_app


@pytest.fixture
def client():
    return create_app().test_client()


@pytest.fixture(scope="session")
def consent_guard_policy():
    return POLICY
