"""Recording a choice: the new consent, its cookie, what must be deleted now, and the receipt (DESIGN §5, §9; L24, L26).

May import the consent domain, the pages and the engine's parts. The endpoints call it for a post that may count.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from ..consent.choice import Choice, Consent, accept_all, effective, expiry, refuse_all, save, set_service
from ..consent.receipt import Receipt, Shown, new_receipt_id
from ..consent.terms import terms_of
from ..consent.token import consent_cookie_name, once_cookie_name
from ..errors import UnknownPurpose
from ..findings import Finding, FindingKind
from ..limits import ONCE_SECONDS
from ..version import __version__
from ..wire.cookies import request_cookies
from ..wire.headers import first
from ..wire.messages import Header, RequestFacts
from ..wire.origins import covers, is_localhost, split_host
from ..wire.set_cookie import deletion_line
from .addresses import base_path, page_key
from .expiry import expiry_lines, known_cookies
from .finding_log import FindingLog
from .request_side import hide_gated
from .site import Site
from .submission import Refused, Submission
from .visitor import Visitor

_WITHDRAWING: Final = frozenset({"refuse", "save", "deny"})
_FORGET_AHEAD: Final = (b"clear-site-data", b'"prefetchCache", "prerenderCache"')
"""Pages that a browser fetched ahead show the state before this choice (H23). Never "cache", which empties the whole site's and
misses the page being left, nor "cookies": ours is among them (H44)."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a post."""

    consent: Consent
    """What holds from now on."""
    headers: list[Header] = field(default_factory=list)
    receipt: Receipt | None = None
    shown: tuple[Shown, ...] = ()
    """What the receipt names by digest."""


def record(
    site: Site, facts: RequestFacts, visitor: Visitor, submission: Submission, next: str | None, log: FindingLog
) -> Recorded:
    """Return what a well-formed post leads to. ``next`` is the checked path to go on to, or None.

    Raises Refused, and nothing is stored: 400 for an id that the policy does not hold and for ``once`` without a page, 409
    where another tool keeps the choice.
    """
    policy = site.policy
    if site.importer and submission.choice != "once":
        raise Refused(409, "elsewhere")
    try:
        if submission.choice == "once":
            policy.service(submission.service)
            return _let_once(site, facts, visitor, submission, next)
        choice = _chosen(site, facts, visitor, submission)
    except UnknownPurpose:
        raise Refused(400, "purpose") from None
    if choice is None:
        return Recorded(visitor.consent, expiries(site, facts, visitor, visitor.consent))
    consent = effective(policy, choice, facts.now, site.signalled(facts.headers))
    headers = [_cookie(site, facts, visitor, choice), *_other_cookies_of_ours(site, facts, visitor, submission)]
    headers += expiries(site, facts, visitor, consent, known=submission.choice in _WITHDRAWING)
    headers.append(_FORGET_AHEAD)
    host, _ = split_host(facts.host)
    if not visitor.secure and not is_localhost(host):
        log.add(Finding(FindingKind.INSECURE, consent_cookie_name(policy, secure=False), "Set-Cookie", enforced=False))
    return _with_receipt(Recorded(consent, headers), site, facts, visitor, submission, choice)


def expiries(site: Site, facts: RequestFacts, visitor: Visitor, consent: Consent, *, known: bool = False) -> list[Header]:
    """Return the lines that delete every cookie of this request which ``consent`` does not allow, and with ``known`` those of
    rules that state their Domain, whether they came or not (L24). None where the policy only reports."""
    if site.reporting:
        return []
    _, hidden = hide_gated(facts.headers, site.rulings, consent)
    names = dict.fromkeys(hidden)
    if known:
        names.update(dict.fromkeys(known_cookies(site.policy, site.rulings, consent, facts.host)))
    above = base_path(facts.root_path, site.policy.path).rpartition("/")[0] + "/"  # nothing is set for our own pages alone
    return expiry_lines(list(names), site.rulings, facts.host, visitor.secure, facts.now, above)


def _chosen(site: Site, facts: RequestFacts, visitor: Visitor, submission: Submission) -> Choice | None:
    """Return the choice after this act; None where there is nothing to choose (a service that is always on)."""
    policy, now = site.policy, facts.now
    match submission.choice:
        case "accept":
            return accept_all(policy, now)
        case "refuse":
            return refuse_all(policy, now)
        case "save":
            return save(policy, submission.allow, now, deny=submission.deny)
    choice = set_service(policy, visitor.choice, submission.service, submission.choice == "allow", now)
    return None if submission.service in terms_of(policy).needed else choice


def _let_once(site: Site, facts: RequestFacts, visitor: Visitor, submission: Submission, page: str | None) -> Recorded:
    """Let a service load on the next view of one page. Without a page there is nothing to let it load on, which is told."""
    if page is None:
        raise Refused(400, "next")
    headers = expiries(site, facts, visitor, visitor.consent)
    name = once_cookie_name(site.policy, visitor.secure)
    token = site.signer.sign_once(submission.service, page_key(page), facts.now)
    headers.insert(0, _set_cookie(name, token, ONCE_SECONDS, visitor.secure))
    stored = visitor.choice or Choice(site.policy.revision, {}, {}, {}, int(facts.now), "", decided=False)
    choice = replace(stored, revision=site.policy.revision, receipt_id=new_receipt_id())
    return _with_receipt(Recorded(visitor.consent, headers), site, facts, visitor, submission, choice)


def _cookie(site: Site, facts: RequestFacts, visitor: Visitor, choice: Choice) -> Header:
    policy = site.policy
    name = consent_cookie_name(policy, visitor.secure)
    lifetime = expiry(policy, choice) - int(facts.now)
    return _set_cookie(name, site.signer.sign(choice), lifetime, visitor.secure, _shared_domain(site, facts))


def _shared_domain(site: Site, facts: RequestFacts) -> str:
    """Return the Domain of the choice, empty where it is this host's alone. A Domain that is not the host's own would make
    browsers drop the cookie, and the banner would never go."""
    host, _ = split_host(facts.host)
    domain = site.policy.cookie_domain
    return domain if covers(domain, host) else ""


def _set_cookie(name: str, value: str, seconds: int, secure: bool, domain: str = "") -> Header:
    parts = [f"{name}={value}", f"Max-Age={seconds}", "Path=/"]
    if domain:
        parts.append(f"Domain={domain}")
    if secure:
        parts.append("Secure")
    parts += ["HttpOnly", "SameSite=Lax"]
    return b"set-cookie", "; ".join(parts).encode("ascii")


def _other_cookies_of_ours(site: Site, facts: RequestFacts, visitor: Visitor, submission: Submission) -> list[Header]:
    """Delete a choice that came under our other name, for read over the other scheme it would outlive this one; and with a
    withdrawal the permission for one load."""
    current = consent_cookie_name(site.policy, visitor.secure).encode("ascii")
    came = {cookie.name for cookie in request_cookies(facts.headers)}
    ours = site.consent_names[False] - {current}
    if submission.choice in _WITHDRAWING:
        ours |= {once_cookie_name(site.policy, visitor.secure).encode("ascii")}
    # The choice over the other scheme has the same Domain; without it the deletion would name another cookie (H07).
    domains = dict.fromkeys(("", _shared_domain(site, facts)))
    others = sorted(ours & came)
    lines = dict.fromkeys(deletion_line(name, domain, "/", visitor.secure) for name in others for domain in domains)
    return [(b"set-cookie", line) for line in lines if line is not None]


def _with_receipt(
    recorded: Recorded, site: Site, facts: RequestFacts, visitor: Visitor, submission: Submission, choice: Choice
) -> Recorded:
    """Add the receipt of an act: what holds now, against what held before it (L26)."""
    before, after = visitor.consent, recorded.consent
    categories = _changed(before.allowed_categories, after.allowed_categories)
    homes = terms_of(site.policy).category_of
    changed = _changed(before.allowed_services, after.allowed_services)
    # A service that follows its category says nothing new, and a whole catalogue of them would fill the ledger.
    services = {service: now for service, now in changed.items() if categories.get(homes.get(service, "")) is not now}
    if submission.choice == "once" and submission.service not in before.allowed_services:
        services[submission.service] = True
    accepted = first(facts.headers, b"accept-language") or b""
    language = site.surface.negotiate(submission.lang or None, accepted)
    text, policy = site.texts.shown(submission.means, language, submission.service), site.texts.policy()
    notes = ("gpc" if before.gpc else "", "imported" if site.importer and before.choices else "")
    receipt = Receipt(
        receipt_id=choice.receipt_id,
        time=int(facts.now),
        act=submission.choice,
        grants=any((*categories.values(), *changed.values(), *services.values())),
        answers=choice.answers,
        overrides=choice.overrides,
        changed={"categories": categories, "services": services},
        revision=choice.revision,
        policy_digest=policy.digest,
        text_digest=text.digest,
        language=language,
        means=submission.means,
        note=" ".join(filter(None, notes)),
        library_version=__version__,
    )
    return replace(recorded, receipt=receipt, shown=(text, policy))


def _changed(before: frozenset[str], after: frozenset[str]) -> dict[str, bool]:
    return {id: id in after for id in sorted(before ^ after)}
