"""The pytest plugin: the fixtures ``consent`` and ``consent_guard_policy``, the marker ``consent``, ``--consent-report``.

pytest loads it in every run of every suite that has the library installed. It does nothing until it is asked, and imports the
kit only then. May import pytest and, inside functions, the test kit. pytest calls it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from .policy.model import PolicySource
    from .testing.kit import ConsentKit
    from .testing.reporting import Recorder

_OPTION: Final = "--consent-report"
_MARKER: Final = (
    "consent(allow=[], deny=[], client=None): the visitor of this test has granted and refused these categories and services "
    '("*": all); the fixture "client" (or the one that is named) is put into that state, and assertions take it as given'
)
_CLIENTS: Final = ("client", "async_client")
"""Fixtures that hold a test client in pytest-flask, pytest-django and most suites of one's own."""
_WORKER_KEY: Final = "consent_guard"
_recorder_key: pytest.StashKey[Recorder] = pytest.StashKey()
_written_key: pytest.StashKey[list[Path]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--consent-report``."""
    group = parser.getgroup("consent_guard", "leaks before consent")
    group.addoption(
        _OPTION,
        metavar="FILE",
        default=None,
        help="write all leaks seen in the run to FILE: HTML or JSON by its ending, both (FILE.html, FILE.json) without one",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; begin to record where a report is asked for."""
    config.addinivalue_line("markers", _MARKER)
    target = config.getoption(_OPTION)
    if target is None:
        return
    folder = Path(target).absolute().parent
    if not folder.is_dir():
        raise pytest.UsageError(f"{_OPTION}: there is no folder {folder}; make it first, or name another file")
    from .testing.judging import listen
    from .testing.reporting import Recorder

    recorder = config.stash[_recorder_key] = Recorder()
    config.add_cleanup(listen(recorder.hear))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each marked test the fixture that acts on its mark."""
    for item in items:
        if item.get_closest_marker("consent") is not None and isinstance(item, pytest.Function):
            _check(item)
            if "consent" not in item.fixturenames:
                item.fixturenames.append("consent")


def _check(item: pytest.Function) -> None:
    for marker in item.iter_markers("consent"):
        if marker.args or marker.kwargs.keys() - {"allow", "deny", "client"}:
            raise pytest.UsageError(
                f"{item.nodeid}: @pytest.mark.consent takes allow=, deny= and client= alone, as in "
                '@pytest.mark.consent(allow=["audience"])'
            )


@pytest.fixture(scope="session")
def consent_guard_policy() -> PolicySource:
    """The policy by which responses are judged: override it with a path, a mapping or a Policy. None: the built-in one, or for
    ``crawl`` that of the guard behind the client."""
    return None


@pytest.fixture
def consent(request: pytest.FixtureRequest, consent_guard_policy: PolicySource) -> Iterator[ConsentKit]:
    """The test kit under ``consent_guard_policy``, for the visitor of the test's marker."""
    from .testing.guards import NoGuard
    from .testing.judging import Visitor, expecting
    from .testing.kit import ConsentKit
    from .testing.visitors import grant

    marker = request.node.get_closest_marker("consent")
    told: dict[str, Any] = dict(marker.kwargs) if marker is not None else {}
    allow, deny = (_ids(told.get(name, ())) for name in ("allow", "deny"))
    if allow or deny:
        wanted = told.get("client")
        for name in (wanted,) if wanted is not None else [one for one in _CLIENTS if one in request.fixturenames]:
            with suppress(NoGuard):  # an app without the middleware: its visitor is in that state by the test's own doing
                grant(request.getfixturevalue(name), *sorted(allow), deny=sorted(deny))
    with expecting(consent_guard_policy, Visitor(allow, deny)):
        yield ConsentKit(consent_guard_policy, allow, deny)


def _ids(purposes: Any) -> frozenset[str]:
    return frozenset([purposes] if isinstance(purposes, str) else purposes)


# -- the report, also over several processes (pytest-xdist) ------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker of pytest-xdist has recorded."""
    recorder = node.config.stash.get(_recorder_key, None)
    recorded = getattr(node, "workeroutput", {}).get(_WORKER_KEY)
    if recorder is not None and recorded is not None:
        recorder.join(recorded)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report; a worker of pytest-xdist hands its part over instead."""
    config = session.config
    recorder = config.stash.get(_recorder_key, None)
    if recorder is None:
        return
    if hasattr(config, "workeroutput"):
        config.workeroutput[_WORKER_KEY] = recorder.travel()
        return
    try:
        config.stash[_written_key] = recorder.write(Path(config.getoption(_OPTION)))
    except OSError as error:
        raise pytest.UsageError(f"{_OPTION}: the report cannot be written: {error}") from error


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say where the report lies, and what it says."""
    recorder, written = config.stash.get(_recorder_key, None), config.stash.get(_written_key, None)
    if recorder is None or written is None:
        return
    names = " and ".join(str(path) for path in written)
    count = recorder.leaks
    terminalreporter.write_line(
        f"consent report: {count} leak{'' if count == 1 else 's'} in {recorder.responses} responses judged: {names}"
    )
