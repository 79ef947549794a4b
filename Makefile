# `make` or `make help` lists the targets. Needs Python 3.11 or newer; all else goes into .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
CODE   := router workers config tests
# Many tests wait (leases, browsers, killed servers): three at a time fill two cores.
SPREAD := -n 3 --dist worksteal
# More for pytest: make test ARGS="-k lease -x"
ARGS   ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv servers run test test-slow check format lock bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

venv: $(VENV)/.stamp-project $(VENV)/.stamp-console ## make .venv: the project (editable), its checks and its tests

run: venv ## start the daemon with a demo desk and simulated buyers; it prints its address
	@exec $(BIN)/zhiban demo

test: venv servers ## run the tests, but for the slow ones
	$(BIN)/python -m pytest $(SPREAD) $(ARGS)

test-slow: venv servers ## run the long fault, soak, simulation and packaging tests
	$(BIN)/python -m pytest -m slow $(SPREAD) $(ARGS)

check: venv ## formatting, lint, types, import direction, dead code
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.dead_code

format: venv ## format the code and mend what ruff can mend
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

bench: venv servers ## run all measurements
	@set -e; for name in ingress broker timers recovery; do \
	  echo "== bench $$name"; $(BIN)/zhiban bench $$name; \
	done; echo "== bench conduct"; $(BIN)/python -m tests.bench.bench_conduct; \
	echo "== bench console"; $(BIN)/python -m tests.bench.bench_console

servers:
	@tests/install-servers

clean: ## remove .venv, caches and build results
	rm -rf $(VENV) .lock-venv router/http/console/vendor build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# --- .venv, in three steps; each is repeated only when what it is made from has changed ---

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo >&2 \
	  "make: '$(PYTHON)' is not on the PATH. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 \
	  "make: '$(PYTHON)' is $$($(PYTHON) --version 2>&1); Python 3.11 or newer is needed. Name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo >&2 \
	  "make: '$(PYTHON)' cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.stamp-packages: requirements/dev.txt | $(BIN)/python
	@echo "Installing $$(grep -c '^[a-z].*==' $<) locked packages into $(VENV); this takes a minute or two"
	@$(PIP) install -qq --require-hashes -r $<
	@touch $@

$(VENV)/.stamp-project: pyproject.toml $(VENV)/.stamp-packages
	@echo "Installing the project itself (editable)"
	@$(PIP) install -qq --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.stamp-console: requirements/console/package-lock.json requirements/console/bring.py $(VENV)/.stamp-packages
	@echo "Bringing the console's files from their registry"
	@$(BIN)/python requirements/console/bring.py
	@touch $@

# --- requirements/*.txt: every package pinned with all its hashes, for every platform and Python >= 3.11 ---

UV_VERSION := 0.13.9
COMPILE = .lock-venv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --custom-compile-command "make lock" $(UPGRADE)
# make lock UPGRADE=--upgrade takes the newest of everything
UPGRADE ?=

lock: | .lock-venv/bin/uv ## pin the dependencies of pyproject.toml into requirements/
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) --group build -o requirements/build.txt
	$(COMPILE) pyproject.toml --group build --group console --group test --group check \
	  -c requirements/run.txt -c requirements/build.txt -o requirements/dev.txt

.lock-venv/bin/uv:
	$(PYTHON) -m venv --clear .lock-venv
	.lock-venv/bin/python -m pip --disable-pip-version-check install -qq uv==$(UV_VERSION)
