import pytest

from tests.probe.doubles import GoogleDouble, MicrosoftDouble


@pytest.fixture(params=[GoogleDouble, MicrosoftDouble], ids=["google", "microsoft"])
def double(request):
    """Each provider's double, with an account and a person who signs in."""
    with request.param() as made:
        yield made
