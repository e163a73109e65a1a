"""Assertions on one response of any app: nothing leaks, the banner stands or does not, a cookie is not set.

May import the leak finder, the rewriter's tokens and the rest of the kit. Test suites and the pytest plugin call it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..clock import unix_seconds
from ..rewrite.html.query import Tag, read_tokens
from ..wire.headers import get_all
from ..wire.set_cookie import parse_set_cookie
from .judging import Visitor, fails, judge, on_unlisted
from .messages import failure, without_query
from .responses import Seen, see

if TYPE_CHECKING:
    from ..audit.leaks import Leak
    from ..policy.model import PolicySource


def leaks(
    response: Any, policy: PolicySource = None, allow: str | Iterable[str] = (), deny: str | Iterable[str] = ()
) -> tuple[Leak, ...]:
    """Return what this response makes a browser contact, store or run without consent.

    It is read as a browser would read it: with both parsers and both meanings of noscript, scripts by what they load as the
    guard judges them, style sheets, documents within documents, and the headers. ``policy`` says whose each host and cookie
    is, the catalogue beside it; None is the policy that ``configure`` or the pytest plugin's fixture tells, else the built-in
    one.
    ``allow`` and ``deny`` are what this visitor has answered: category and service ids, ``"*"`` for every category.

    Raises PolicyError, UnknownPurpose for an id that is not known, TypeError for what is no response.
    """
    return judge(see(response), policy, Visitor(_ids(allow), _ids(deny))).inspection.leaks


def assert_no_leak(
    response: Any,
    policy: PolicySource = None,
    allow: str | Iterable[str] = (),
    deny: str | Iterable[str] = (),
    *,
    fail_on: str = "leak",
) -> None:
    """Fail with every leak of this response: what, where, whose, by which rule, and the mend. What cannot be read fails too.

    The arguments and errors are those of ``leaks``. ``fail_on="unlisted"``: what neither a rule nor the catalogue names fails
    as well. Raises ValueError for any other word.
    """
    __tracebackhide__ = True
    unlisted = on_unlisted(fail_on)
    judged = judge(see(response), policy, Visitor(_ids(allow), _ids(deny)))
    if fails(judged, unlisted=unlisted):
        raise AssertionError(failure(judged, unlisted=unlisted))


def assert_banner(response: Any) -> None:
    """Fail unless our banner stands in this page, with both of its answers (DESIGN §9)."""
    __tracebackhide__ = True
    seen = see(response)
    marks = _marks(seen)
    if not marks.banner:
        why = (
            "a decided visitor, a fragment or a page in a frame gets none"
            if seen.status < 300
            else f"its status is {seen.status}"
        )
        raise AssertionError(f"no banner in {without_query(seen.url)}: {why}")
    missing = {"accept", "refuse"} - marks.answers
    if missing:
        raise AssertionError(f"the banner in {without_query(seen.url)} does not offer to {' and to '.join(sorted(missing))}")


def assert_no_banner(response: Any) -> None:
    """Fail if our banner stands in this page."""
    __tracebackhide__ = True
    seen = see(response)
    if _marks(seen).banner:
        raise AssertionError(f"the banner stands in {without_query(seen.url)}: to this page the visitor has not chosen yet")


def assert_cookie_blocked(response: Any, name: str) -> None:
    """Fail if this response sets a cookie of this name, by any browser's reading of its lines. A deletion sets nothing."""
    __tracebackhide__ = True
    seen = see(response)
    for line in get_all(seen.headers, b"set-cookie"):
        cookie = parse_set_cookie(line, unix_seconds())
        if cookie is not None and name.encode() in {cookie.name, *cookie.names} and not cookie.deletes_everywhere:
            raise AssertionError(f"{without_query(seen.url)} sets the cookie {name}; set it only after consent")


def _ids(purposes: str | Iterable[str]) -> frozenset[str]:
    return frozenset([purposes] if isinstance(purposes, str) else purposes)


@dataclass(slots=True)
class _Marks:
    """What of ours stands in a page."""

    banner: bool = False
    answers: set[str] = field(default_factory=set)


def _marks(seen: Seen) -> _Marks:
    marks = _Marks()
    for token in read_tokens(seen.text().encode("utf-8", "replace"), "utf-8"):
        if not isinstance(token, Tag) or token.closing:
            continue
        if b"data-cg" in token.source and token.attributes.get("data-cg") == "banner":
            marks.banner = True
        elif token.name == "button" and marks.banner and token.attributes.get("name") == "choice":
            marks.answers.add(token.attributes.get("value", ""))
    return marks
