"""What every test may use: the throwaway PostgreSQL, the judges of PDF/A; the order of all; and CI skips nothing."""

import os

import hypothesis
import pytest

# Two shared cores make a test slow now and then: time limits belong to benchmarks. CI repeats the same examples.
hypothesis.settings.register_profile("house", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("house")

pytest_plugins = ["tests.judges", "tests.postgres"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that nothing long stands alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skip in CI fails the run: a test that did not run proves nothing. The names stand in the summary (-ra)."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return  # the workers of xdist have no reporter: the session that collects their results decides
    skipped = reporter.stats.get("skipped", [])
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"CI: {len(skipped)} skipped, which counts as failed", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
