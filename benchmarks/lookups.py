"""Does a look-up cost more the more rules there are? Microseconds of CPU at 300 and at 30,000 rules, and what loading costs.

    python -m benchmarks lookups [--rounds 7]

Asked are the index of addresses, the index of cookie names, the search for hosts in an inline script under either policy, and
the judge with an empty memo: what a page pays for each address that it has not met yet. The rules are made up, of the shapes
and in the shares of the catalogue's own; the addresses, names and scripts asked for are the same at both sizes, half of them
listed. A quotient near 1 says that the cost does not follow the number of rules. What it does follow is the number of rules
for one and the same host, each of which is a path or a query to compare.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from consent_guard.policy.cookie_names import CookieIndex
from consent_guard.policy.hosts import HostIndex
from consent_guard.policy.model import Basis, Category, CookieRule, HostRule, InlineSignature, Policy, Service
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy
from consent_guard.rewrite.model import DocumentFacts

SIZES = (300, 30_000)
ASKED = 300
"""Addresses and names asked for in one round."""
SUFFIXES = ("com", "net", "io", "fr", "co.uk", "de", "org", "jp")
SCRIPT = (
    "(function(w,d,s,l){w[l]=w[l]||[];w[l].push({'start':new Date().getTime(),event:'x.js'});var f=d.getElementsByTagName(s)[0],"
    "j=d.createElement(s);j.async=true;j.src='https://HOST/tag.js?id=1';f.parentNode.insertBefore(j,f)})(window,document,'script','q');"
)


def rules(count: int) -> Policy:
    """Return a policy of so many host rules, with a cookie rule and a signature to every third."""
    services = []
    for number in range(count):
        domain = f"tracker-{number}.{SUFFIXES[number % len(SUFFIXES)]}"
        host = HostRule(f"*.{domain}", domain, subdomains=True)
        if number % 7 == 3:
            host = HostRule(f"www.{domain}/tag/", f"www.{domain}", path="/tag")
        elif number % 7 == 5:
            host = HostRule(f"cdn.{domain}", f"cdn.{domain}")
        third = number % 3 == 0
        services.append(
            Service(
                f"tracker-{number}",
                "campaigns",
                {"en": f"Tracker {number}"},
                hosts=(host,),
                cookies=(CookieRule(f"_t{number}_*" if number % 2 else f"_t{number}"),) if third else (),
                inline=(InlineSignature(f"*.{domain}", f"_tq{number}"),) if third else (),
            )
        )
    return Policy((Category("campaigns", Basis.CONSENT, {"en": "Campaigns"}),), tuple(services))


def hosts() -> list[tuple[str, str]]:
    """Return hosts and paths: listed ones, look-alikes and strangers, the same whatever the number of rules."""
    asked = []
    for number in range(ASKED // 2):
        domain = f"tracker-{number}.{SUFFIXES[number % len(SUFFIXES)]}"
        asked += [(f"www.{domain}", "/tag/x.js"), (f"static-{number}.example.org", "/a/picture.jpg")]
    return asked


def measured(act: Callable[[], object], rounds: int, asked: int) -> float:
    """Return the median microseconds of CPU for one of ``asked`` look-ups."""
    took = []
    for _ in range(rounds):
        start = time.process_time()
        act()
        took.append(time.process_time() - start)
    return median(took) / asked * 1e6


@dataclass
class Row:
    """One kind of look-up, in microseconds, at each size."""

    name: str
    at: list[float]


def rows(rounds: int) -> list[Row]:
    """Measure everything at every size."""
    found = [Row(name, []) for name in ("address", "cookie name", "judge, memo empty", "script, signature", "script, mention")]
    addresses = hosts()
    names = [name for number in range(ASKED // 2) for name in (f"_t{number * 3}_x", f"sessionid{number}")]
    scripts = [SCRIPT.replace("HOST", host).replace("'q'", f"'_tq{at}'").encode() for at, (host, _) in enumerate(addresses)]
    document = DocumentFacts("https", "site.example", "/")
    for size in SIZES:
        policy = rules(size)
        index, cookies = HostIndex(policy), CookieIndex(policy)
        by_signature = CompiledPolicy(policy)
        by_mention = CompiledPolicy(replace_inline(policy))
        urls = [f"https://{host}{path}" for host, path in addresses]

        def judge_all(compiled: CompiledPolicy = by_signature, urls: Sequence[str] = urls) -> None:
            view = compiled.view(frozenset(), document)
            for url in urls:
                view.url(url)

        def search(compiled: CompiledPolicy) -> Callable[[], None]:
            def run() -> None:
                compiled.forget()
                for script in scripts:
                    compiled.script(script, relative=False)

            return run

        acts: tuple[Callable[[], object], ...] = (
            lambda index=index: [index.match(host, path, "") for host, path in addresses],  # type: ignore[misc]
            lambda cookies=cookies: [cookies.match(name) for name in names],  # type: ignore[misc]
            judge_all,
            search(by_signature),
            search(by_mention),
        )
        for row, act in zip(found, acts, strict=True):
            row.at.append(measured(act, rounds, ASKED))
    return found


def replace_inline(policy: Policy) -> Policy:
    """Return the policy with ``inline_scripts = "mention"``."""
    return Policy(policy.categories, policy.services, inline_scripts="mention")


LOADING = {
    "import consent_guard": "import consent_guard",
    "... one service of the catalogue": "from consent_guard.policy.catalogue import find; find('hotjar').service",
    "... the whole catalogue, parsed": "from consent_guard.policy.catalogue import catalogue; catalogue()",
    "... the built-in policy": "from consent_guard import Policy; Policy.load(None)",
}


def loading(rounds: int) -> dict[str, float]:
    """Return milliseconds of CPU in a fresh process, past those of an import of the library."""
    program = "import time; {first}; t = time.process_time(); {act}; print(time.process_time() - t)"
    found = {}
    for name, act in LOADING.items():
        first = "pass" if act == "import consent_guard" else "import consent_guard"
        took = []
        for _ in range(rounds):
            line = program.format(first=first, act=act)
            done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
            took.append(float(done.stdout))
        found[name] = median(took) * 1e3
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args(arguments)
    print(f"{'microseconds for one':24}{SIZES[0]:>8,} rules{SIZES[1]:>10,} rules   quotient")
    for row in rows(asked.rounds):
        print(f"{row.name:24}{row.at[0]:>14.2f}{row.at[1]:>16.2f}{row.at[1] / row.at[0]:>11.2f}")
    print(f"\n{'milliseconds to load':40}")
    for name, took in loading(asked.rounds).items():
        print(f"{name:40}{took:>8.1f}")


if __name__ == "__main__":
    main()
