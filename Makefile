# `make` lists the targets. Everything runs in .venv, from the hash-pinned lock in requirements/dev.txt.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench lock

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCHMARKS = $(sort $(wildcard tests/benchmarks/*.py))
LOCK = $(UV) pip compile pyproject.toml --universal --generate-hashes --upgrade --quiet \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# pip says WARNING about caches and mirrors that a newcomer cannot act on; errors still show.
$(READY): requirements/dev.txt pyproject.toml
	@echo "Setting up $(VENV) from requirements/dev.txt (about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --require-hashes --requirement requirements/dev.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Audit an example delivery that must not be used: a fail, exit code 1
	@code=0; $(BIN)/audit run examples/support-chat --policy commercial-model || code=$$?; \
	if [ $$code -ne 1 ]; then echo "make demo: expected exit code 1 (fail), got $$code" >&2; exit 1; fi; \
	echo; echo "Exit code 1: the example is made to fail, so the demo succeeded. In CI this code stops the training run."

test: $(READY) ## Run all tests
	@$(BIN)/python -m pytest -n auto --dist loadgroup

lint: $(READY) ## Check style, format, types and the order of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(READY) ## Run the benchmarks in tests/benchmarks
	@[ -n "$(BENCHMARKS)" ] || echo "tests/benchmarks holds no script yet."
	@for script in $(BENCHMARKS); do echo "== $$script"; $(BIN)/python "$$script"; done

lock: ## Renew the locks in requirements/ (needs uv)
	@$(LOCK) --all-extras --group dev --output-file requirements/dev.txt > /dev/null
	@$(LOCK) --extra dashboard --constraint requirements/dev.txt --output-file requirements/runtime.txt > /dev/null
