# Every target does all it needs on a fresh machine that has Python >= 3.11, make and a network.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.13.9

.PHONY: setup demo test lint bench fuzz explorer lock clean

setup: $(STAMP) explorer

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Isthmus needs Python 3.11 or newer: make PYTHON=python3.11") if sys.version_info < (3, 11) else 0'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

explorer: $(STAMP)
	@if [ ! -x explorer/build.sh ]; then :; \
	elif command -v npm >/dev/null 2>&1; then sh explorer/build.sh; \
	else echo "npm is not installed: the explorer will say how to build it"; fi

demo: setup
	$(BIN)/isthmus demo

test: setup
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases tests
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.databases

CASES ?= 2000
SEED ?= 0

fuzz: setup
	$(BIN)/python -m tests.fuzz $(CASES) $(SEED)

lock:
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  pyproject.toml --all-extras -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  pyproject.toml --all-extras --group dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .core_suite .import_linter_cache
	find explorer tests benchmarks -type d \( -name node_modules -o -name .venv \) -prune -exec rm -rf {} +
