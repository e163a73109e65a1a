"""The options that every adapter takes, in one type and read in one place: a new one is added here.

Adapters type their keyword arguments with ``Options`` (PEP 692) and hand them to ``prepare``. May import the engine, the policy
and our pages. The adapters call it when an app is guarded.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypedDict, TypeVar

from .clock import unix_seconds
from .engine.guard import Guard
from .ledger.options import LedgerKey, LedgerSource, keeper_of
from .pages.overriding import checked_surface, read_overrides
from .policy.model import Policy, PolicySource

if TYPE_CHECKING:
    from .consent.receipt import Receipt
    from .findings import Finding
    from .ledger.keeper import Keeper
    from .pages.overriding import TemplatesSource
    from .pages.rendering import Overrides


class Options(TypedDict, total=False):
    """What every adapter takes beside the policy and ``secret_key``, by keyword.

    ``secret_key_fallbacks``: older keys, which still verify choices; None: none, or those of the framework's own setting.
    ``ledger``: where receipts are kept, an address or a Ledger; None: nowhere.
    ``ledger_key``: the Ed25519 key that signs for them, as PEM or its file's path; CONSENT_GUARD_LEDGER_KEY comes before it.
    ``on_choice``: called with each Receipt once it is stored, at least once, in a thread of ours; what it raises is logged.
    ``templates``: a directory of templates that stand in for ours, read and checked when the app is guarded.
    ``on_finding``: called with each Finding, in the thread of its request; what it raises is logged.
    ``debug_panel``: pages on localhost end with a list of what was found in them; nowhere else, whatever this says.
    ``clock``: returns the time in Unix seconds; for tests.
    """

    secret_key_fallbacks: Sequence[str | bytes] | None
    ledger: LedgerSource
    ledger_key: LedgerKey
    on_choice: Callable[[Receipt], object] | None
    templates: TemplatesSource
    on_finding: Callable[[Finding], None] | None
    debug_panel: bool
    clock: Callable[[], float] | None


NAMES: Final = tuple(Options.__annotations__)
"""Of every option, in the order of ``Options``."""
CALLABLES: Final = frozenset({"on_choice", "on_finding", "clock"})
"""Options that are callables; where settings are texts, the dotted path of one."""
_FIRST: Final = ("policy", "secret_key")
"""What stands before the options in every adapter, and may be misspelt like one."""
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A policy and options, read: only the key is missing, which some frameworks know later."""

    policy: Policy
    clock: Callable[[], float]
    keeper: Keeper | None
    """What keeps receipts; None without a ledger."""
    _options: Options
    _templates: Overrides | None

    def check(self) -> None:
        """Raise now what ``guard`` would raise with any key: PolicyError with the faults of the options and the templates."""
        checked_surface(self.policy, self._templates)

    def guard(self, secret_key: str | bytes, fallbacks: Sequence[str | bytes] | None = None) -> Guard:
        """Return the compiled guard. ``fallbacks`` hold where no option says otherwise.

        Raises SecretKeyError for an empty key, and what ``check`` raises.
        """
        given = self._options.get("secret_key_fallbacks")
        return Guard(
            self.policy,
            secret_key=secret_key,
            secret_key_fallbacks=fallbacks if given is None else given,
            templates=self._templates,
            on_finding=self._options.get("on_finding"),
            debug_panel=self._options.get("debug_panel", False),
            receipts=self.keeper is not None,
        )


def prepare(policy: PolicySource, options: Options) -> Prepared:
    """Read a policy and options.

    Raises TypeError for an unknown option, which names the nearest one, and for a value that an option cannot have;
    PolicyError with every fault of the policy, or of the ledger, or of templates that cannot be read; OSError for a policy file
    that cannot be read.
    """
    _refuse_unknown(options)
    for name, value in options.items():
        if fault := wrong_value(name, value):
            raise TypeError(f"the option {name!r} {fault}")
    return Prepared(
        Policy.load(policy),
        options.get("clock") or unix_seconds,
        keeper_of(options.get("ledger"), options.get("ledger_key"), options.get("on_choice")),
        options,
        read_overrides(options.get("templates")),
    )


def naming_options(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a callable that takes ``Options`` tell an unknown name before Python tells what is missing: a misspelt
    ``secret_key`` is both."""
    own = frozenset(inspect.signature(function).parameters)

    @wraps(function)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        _refuse_unknown(name for name in kwargs if name not in own)
        return function(*args, **kwargs)

    return called


def _refuse_unknown(names: Iterable[str]) -> None:
    for name in names:
        if name not in NAMES:
            raise TypeError(f"no option {name!r}: {nearest(name, NAMES, 'options', also=_FIRST)}")


def wrong_value(name: str, value: object) -> str:
    """Return what is wrong with the value of an option, in words that follow its name; empty where nothing is."""
    if name in ("on_finding", "clock") and value is not None and not callable(value):
        return f"must be a callable, not {type(value).__name__}"
    if name == "debug_panel" and value is not None and not isinstance(value, bool):
        return f"must be True or False, not {type(value).__name__}"
    return ""


def nearest(name: str, known: Sequence[str], what: str, also: Sequence[str] = ()) -> str:
    """Return which of the known names may be meant, in words; all of them where none is like it. ``what`` is
    what they are, in the plural; ``also`` are names of another kind that may be meant."""
    close = difflib.get_close_matches(name, (*also, *known), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"the {what} are {', '.join(known)}."


def from_settings(values: Mapping[str, object]) -> Options:
    """Return the options of a mapping whose keys are their names in capitals; other keys are left out."""
    found: Options = {}
    for name in NAMES:
        if name.upper() in values:
            found[name] = values[name.upper()]  # type: ignore[literal-required]
    return found
