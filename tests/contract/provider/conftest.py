import pytest

pytest.register_assert_rewrite("tests.contract.provider.suite", "tests.contract.provider.world")
