"""What a site's own templates would make browsers load: read by the rewriter that filters the site's pages, for our markup goes
out as it is.

May import the rewriter and the policy. ``overriding`` asks it of everything that it rendered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..errors import RewriteError
from ..findings import Finding, FindingKind
from ..policy.model import Policy
from ..rewrite.decide.compiled_policy import CompiledPolicy
from ..rewrite.model import DocumentFacts
from ..rewrite.page import page_rewriter
from .sample_renders import SampleRender

_NOWHERE: Final = "this-site.invalid"
"""Our own host, where the policy does not say it: then every other host is a third party."""
_AROUND: Final = b"<!DOCTYPE html><html><head><title></title></head><body>"
_UNCERTAIN: Final = Finding(FindingKind.UNFILTERED, "", "markup that browsers read in more than one way")


class Loading:
    """Tells what rendered templates make browsers contact without leave."""

    def __init__(self, policy: Policy) -> None:
        self._rules = CompiledPolicy(policy)
        self._host = policy.first_party[0] if policy.first_party else _NOWHERE
        self._path = policy.path

    def findings(self, sample: SampleRender, rendered: bytes) -> Iterator[Finding]:
        """Yield what the guard would withhold of it if it were a page of the site, under the sample's consent, and the
        third-party hosts that no rule names. Each once."""
        noted: dict[Finding, None] = {}
        document = DocumentFacts("https", self._host, "/" if sample.part else self._path, charset="utf-8")
        allowed = sample.consent.allowed_services
        rewriter = page_rewriter(
            self._rules, allowed, document, emits=False, on_finding=lambda finding: noted.setdefault(finding, None)
        )
        whole = rendered if not sample.part and sample.name != "fragment" else _AROUND + rendered
        try:
            rewriter.feed(whole)
            rewriter.close()
        except RewriteError:
            noted[_UNCERTAIN] = None
        yield from noted


def told(finding: Finding) -> str:
    """Return a finding as the message of a fault, without its place."""
    if not finding.subject and not finding.service:
        return f"what it renders cannot be judged: {finding.where}"
    what = f"<{finding.where}>" if finding.where else "it"
    if finding.kind is FindingKind.HOST_UNLISTED:
        return f"{what} makes browsers contact {finding.subject}, which the policy does not name"
    contacted = finding.rule if finding.rule and finding.rule.startswith("/") else finding.subject
    whose = f", which belongs to the service {finding.service!r} ({finding.category})" if finding.service else ""
    verb = "names" if finding.kind is FindingKind.INLINE else "makes browsers contact"
    return f"{what} {verb} {contacted}{whose}, although nobody allowed it"


def mend(finding: Finding) -> str:
    """Return what to do about a finding."""
    if finding.kind is FindingKind.HOST_UNLISTED:
        return "Serve the file yourself; a host of your own belongs into first_party of the policy"
    return "Leave it out, or serve the file yourself: what our templates render is shown before anybody has chosen"
