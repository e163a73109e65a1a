# Two commands do all their own set-up in .venv: `make demo` and `make test`. They need make and Python 3.11 or later.
PYTHON ?= python3
FRAMEWORK ?= flask
ENVIRONMENT = $(PYTHON) scripts/environment.py

.PHONY: help demo docs test quick soak lint types wheel bench clean pictures

help:
	@echo "make demo    the example site twice, guarded and unguarded, on free ports (FRAMEWORK=flask|django|starlette)"
	@echo "make test    ruff, mypy --strict, and all tests against the built wheel, on each Python there is"
	@echo "make quick   all tests against the source tree"
	@echo "make docs    the documentation as a site, in build/docs"
	@echo "make lint    ruff      make types   mypy --strict"
	@echo "make wheel   build/wheel/*.whl"
	@echo "make bench   the rewriter on real pages (BENCH=rewrite|streams|requests|lookups|audit|all)"
	@echo "make soak    the kill and fault tests of the ledger at full length, some hours"
	@echo "make pictures  take the README's pictures anew, with the system's Chromium"
	@echo "make clean   remove what these commands made, .venv too"

demo:
	@$(ENVIRONMENT) demo -- examples/demo.py $(FRAMEWORK)

test:
	@$(PYTHON) scripts/check.py

quick:
	@$(ENVIRONMENT) dev -- -m pytest

docs:
	@$(ENVIRONMENT) docs -- -m sphinx -n -W -q docs build/docs

soak:
	@CONSENT_GUARD_SOAK=1 $(ENVIRONMENT) dev -- -m pytest tests/ledger --timeout=36000 -n 0

lint:
	@$(ENVIRONMENT) dev -- -m ruff check .

types:
	@$(ENVIRONMENT) dev -- -m mypy

wheel:
	@$(ENVIRONMENT) dev -- -m pip wheel --no-deps --no-build-isolation --wheel-dir build/wheel .

pictures:
	@$(ENVIRONMENT) pictures -- scripts/screenshots.py

bench:
	@$(ENVIRONMENT) dev bench -- -m benchmarks $(BENCH)

clean:
	rm -rf .venv .venv-lowest .venv-system build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
