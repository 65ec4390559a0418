import pytest

for part in ("suite_feeds", "suite_live", "suite_setup", "suite_writes", "world"):
    pytest.register_assert_rewrite(f"tests.contract.provider.{part}")
