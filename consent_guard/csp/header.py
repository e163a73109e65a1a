"""One more policy header for a page: from the policy and this visitor's consent alone (DESIGN §6).

Browsers intersect it with the page's own. One ``default-src`` holds for every kind of fetch; ``connect-src`` repeats it with
the hosts' websockets, which a host without a scheme does not take in (CSP Level 3 §6.7.2.8). Inline code, eval and forms are
the app's own affair: Chromium applies ``form-action`` to redirects, where payments and logins break. May import limits,
findings, the policy's values and ``sources``. The engine asks it for every page, ``check`` for its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..findings import Finding, FindingKind
from ..limits import CSP_HEADER_BYTES, CSP_HEADERS_KEPT
from ..policy.digest import policy_digest
from ..policy.model import Policy
from ..wire.messages import Header
from ..wire.origins import registrable_domain, split_host
from .sources import HostSource, allowed_sources, by_domain, names_countries, place, widened

ENDPOINT: Final = "/csp"
"""Where browsers report to, below the policy's path."""
_NAMES: Final = {"enforce": b"content-security-policy", "report": b"content-security-policy-report-only"}
_DEFAULT: Final = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'"
_CONNECT: Final = "connect-src 'self' data: blob:"
_ANY: Final = "https: http:"
"""Every host. Over https the second adds nothing: browsers block such contents, or ask for them over https."""
_ANY_SOCKET: Final = "https: http: wss: ws:"


@dataclass(frozen=True, slots=True)
class PolicyHeader:
    """A header field, and what it allows besides for want of room."""

    name: bytes
    value: bytes
    widened: tuple[Finding, ...] = ()

    @property
    def line(self) -> Header:
        return self.name, self.value

    @property
    def length(self) -> int:
        """Octets of the whole field line."""
        return len(self.name) + len(self.value) + 4


class ConsentHeaders:
    """The headers of one policy, made when first asked for. Threads may race on it: the worst is one made twice."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._name = _NAMES.get(policy.csp, b"")
        self._made: dict[tuple[frozenset[str], str, str], PolicyHeader] = {}
        self.mark: Final = policy_digest(policy)[:8] if self._name else ""
        """What entity tags carry of it, so that no page is shown again under another policy's header."""

    def __bool__(self) -> bool:
        return bool(self._name)

    @property
    def enforces(self) -> bool:
        return self._policy.csp == "enforce"

    def of(self, allowed: frozenset[str], host: str, base: str) -> PolicyHeader:
        """Return the header for the visitors to whom these services are allowed. ``host``: the request's Host field, whose
        domain is ours where the policy names none. ``base``: where our own pages live, percent-encoded."""
        own = "" if self._policy.first_party else registrable_domain(split_host(host)[0]) or ""
        key = allowed, own, base
        header = self._made.get(key)
        if header is None:
            if len(self._made) >= CSP_HEADERS_KEPT:
                self._made.clear()
            header = self._made[key] = self._make(allowed, own, base)
        return header

    def _make(self, allowed: frozenset[str], own: str, base: str) -> PolicyHeader:
        endpoint = base.translate(_ESCAPED) + ENDPOINT
        tail = f"; report-uri {endpoint}"
        room = CSP_HEADER_BYTES - len(self._name) - 4 - len(tail)
        if names_countries(self._policy, allowed):  # hundreds of domains: they never fit, and whoever sends Hosts could have
            text, wider = _EVERYTHING  # them sorted anew with each
        else:
            sources = allowed_sources(self._policy, allowed, own)
            text, wider = _fitting(sources, self._policy.first_party or (own,), room)
        findings = tuple(Finding(FindingKind.CSP_WIDENED, subject, where, enforced=self.enforces) for subject, where in wider)
        return PolicyHeader(self._name, f"{text}{tail}".encode("ascii"), findings)


_ESCAPED: Final = str.maketrans({";": "%3B", ",": "%2C"})
"""What would end a directive, or a policy."""

_Wider = tuple[tuple[str, str], ...]
"""What was widened to, and in which directives."""
_EVERYTHING: Final[tuple[str, _Wider]] = (
    f"{_DEFAULT} {_ANY}; {_CONNECT} {_ANY_SOCKET}",
    (("https:", "default-src"), ("https:", "connect-src")),
)


def _fitting(sources: Sequence[HostSource], ours: Iterable[str], room: int) -> tuple[str, _Wider]:
    """Return the narrowest text that has room, and what is wider in it. No source is ever left out."""
    if all(source.writable for source in sources):
        groups = {domain: group for domain, group in by_domain(sources).items() if domain not in ours}
        joined = {domain: widened(domain, group) for domain, group in groups.items()}
        for connects in (True, False):
            saved = {
                domain: sum(_size(source, connects) for source in group) - _size(joined[domain], connects)
                for domain, group in groups.items()
            }
            size = len(_text((), connects)) + sum(_size(source, connects) for source in sources)
            wide: list[str] = []
            for domain in sorted((one for one in saved if saved[one] > 0), key=lambda one: (-saved[one], one)):
                if size <= room:
                    break
                size -= saved[domain]
                wide.append(domain)
            if size <= room:
                gone = {source for domain in wide for source in groups[domain]}
                kept = [*(source for source in sources if source not in gone), *(joined[domain] for domain in wide)]
                where = "default-src, connect-src" if connects else "default-src"
                told = tuple((f"*.{domain}", where) for domain in wide)
                return _text(kept, connects), told if connects else (*told, ("https:", "connect-src"))
    return _EVERYTHING


def _size(source: HostSource, connects: bool) -> int:
    """Return how many characters a source takes in ``_text``."""
    plain = [len(text) + 1 for text in source.texts()]
    return 3 * sum(plain) + len(source.sockets) * len(plain) if connects else sum(plain)


def _text(sources: Iterable[HostSource], connects: bool) -> str:
    sources = sorted(sources, key=place)
    hosts = [text for source in sources for text in source.texts()]
    sockets = [text for source in sources for text in source.texts(source.sockets)]
    connect = " ".join([_CONNECT, *hosts, *sockets]) if connects else f"{_CONNECT} {_ANY_SOCKET}"
    return f"{' '.join([_DEFAULT, *hosts])}; {connect}"
