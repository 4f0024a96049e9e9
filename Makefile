# Set-up, tests and the preview of the reference platform. Needs git, make and Python 3.11 or newer; Go too, where
# Pulumi can be neither found nor downloaded.
.DEFAULT_GOAL := help
.PHONY: help setup preview test check bench lock demo-airgap

EXTRAS ?= aws azure gcp
STACK ?= prod
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
RUN := .venv/bin/python -m

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install everything: Python packages (EXTRAS="aws azure gcp"), the Pulumi CLI, the ringfence command
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer on PATH: install one, or say make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) tools/setup.py $(EXTRAS)

preview: setup ## Preview the reference platform (STACK=prod) on the embedded engine, policies on
	@.venv/bin/ringfence preview -s $(STACK)

test: setup ## Run the tests
	@$(RUN) ringfence.controlplane
	@$(RUN) pytest -n 2 --dist loadgroup $(ARGS)

check: setup ## Formatting, lint, types, and the direction of imports
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) ty check
	@.venv/bin/lint-imports

bench: setup ## Measure the engine, bundles against tar and sha256sum, and tenants against kubectl
	@$(RUN) bench.engine
	@$(RUN) bench.airgap
	@$(RUN) bench.tenancy

demo-airgap: setup ## Carry the dev stack to a side without a network, change it, and go back; with a transcript
	@.venv/bin/python tools/demo_airgap.py

lock: setup ## Compile requirements/*.txt anew from pyproject.toml
	@$(PYTHON) tools/setup.py --lock
