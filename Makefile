# The front door: `make help` lists it. Each target is one command, run by uv in the locked environment.

UV_VERSION := 0.13.9
OWN_UV := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tuyen/uv-$(UV_VERSION)/bin/uv
UV := $(or $(shell command -v uv 2>/dev/null),$(OWN_UV))
RUN := exec $(UV) run --locked
ONLY ?=

export UV_PYTHON_PREFERENCE = only-system

.DEFAULT_GOAL := help
.PHONY: help run demo console test bench faults check format schemas docs

help: ## list what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: $(UV) ## start everything on this machine, until Ctrl-C
	@$(RUN) python -m tuyen_local run

demo: $(UV) ## a shop's evening against a running stack: who got what, and why
	@$(RUN) python -m tuyen_local demo

console: $(UV) ## build the agents' web page, with Node 20.19 or newer: docs/console.md
	@$(RUN) python -m tuyen_local.console build

test: $(UV) ## run every test on brokers and databases of its own
	@$(RUN) pytest -n 2 --dist loadgroup

bench: $(UV) ## run the benchmarks, or one of them: make bench ONLY=router
	@PYTHONPATH=tests $(RUN) python -m bench $(ONLY)

faults: $(UV) ## break the running stack at random, and judge what came of it: docs/faults.md
	@PYTHONPATH=tests $(RUN) python -m faults

check: $(UV) ## format, lint, types, import rules, the services' skeleton, contracts, pages made from the sources
	@$(UV) run --locked ruff format --check
	@$(UV) run --locked ruff check
	@$(UV) run --locked mypy libs/*/src services/*/src deploy/*/src tests
	@$(UV) run --locked lint-imports
	@$(UV) run --locked python -m tuyen_events.contracts check
	@$(UV) run --locked python -m tuyen_gateway.api.description check
	@$(UV) run --locked python -m tuyen_local.console check
	@PYTHONPATH=tests $(UV) run --locked python -m docs.rulebook check
	@$(UV) run --locked pytest -q -n 0 tests/architecture

format: $(UV) ## put the sources into their one format
	@$(UV) run --locked ruff format
	@$(UV) run --locked ruff check --fix

schemas: $(UV) ## write the contracts again from the events, and the API's description from its routes
	@$(UV) run --locked python -m tuyen_events.contracts write
	@$(UV) run --locked python -m tuyen_gateway.api.description write
	@$(UV) run --locked python -m tuyen_local.console types

docs: $(UV) ## fill in again what pages say of the sources: docs/reference/rules.md
	@PYTHONPATH=tests $(RUN) python -m docs.rulebook write

$(OWN_UV):
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed: `python3` is missing or older.' >&2; exit 1; }
	@python3 -m venv $(dir $(@D))
	@$(@D)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
