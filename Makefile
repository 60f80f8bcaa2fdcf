# Two commands matter: `make demo` shows a living network, `make test` proves the house stands.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(VENV)/uv/bin/uv
READY := $(VENV)/.ready

.PHONY: help setup demo serve console pages test check format lint types console-types contracts generated lock bench clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# uv comes from PyPI by pip, so that Python with pip is all a machine needs.
$(UV):
	@echo "· preparing $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "voltloom needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)/uv
	@$(VENV)/uv/bin/pip install --quiet --disable-pip-version-check uv

$(READY): requirements.txt pyproject.toml | $(UV)
	@test -x $(BIN)/python || $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	@echo "· installing pinned requirements"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $(READY)

setup: $(READY) ## the virtual environment, with everything in it

pages: $(READY) # the console's, where their sources changed
	@$(BIN)/python tools/build_console.py

demo: pages ## a live network with simulated stations
	@$(BIN)/voltloom demo $(ARGS)

serve: pages ## a real, empty network on this machine
	@$(BIN)/voltloom serve $(ARGS)

console: pages ## the console's own server, with changes at once, over a `make demo` beside it
	@$(BIN)/python tools/build_console.py dev

test: check ## set up, and check everything

check: format lint types console-types contracts generated pytest ## format, lint, types, contracts, generated code, tests

format: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "run: .venv/bin/ruff format ."; exit 1; }

lint: $(READY)
	@$(BIN)/ruff check --quiet .

types: $(READY)
	@$(BIN)/basedpyright --level error

console-types: $(READY)
	@$(BIN)/python tools/build_console.py types

contracts: $(READY)
	@$(BIN)/lint-imports --no-cache

generated: $(READY)
	@$(BIN)/python tools/generate_ocpp.py --check
	@$(BIN)/python tools/generate_api_types.py --check
	@$(BIN)/python tools/generate_ocpp_table.py --check

.PHONY: pytest
pytest: pages
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS) || { echo "· what failed, once more and alone: a machine that does too much at once is no mistake of ours"; \
		$(BIN)/pytest --last-failed --last-failed-no-failures none $(ARGS); }

bench: $(READY) ## µs of CPU a message, beside its peers
	@$(BIN)/voltloom bench $(ARGS)

lock: | $(UV) ## pin every dependency with its hashes
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev --output-file requirements.txt pyproject.toml

clean: ## remove what was built
	rm -rf $(VENV) dist build .ruff_cache .hypothesis console/node_modules src/voltloom/console_pages
