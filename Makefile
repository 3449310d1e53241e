# Every command works on a fresh machine with Python 3.11+ and make; each installs what it needs, once.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint fix bench faults lock

run: $(VENV)/.installed
	@$(BIN)/python manage.py serve --port $(PORT)

test: $(VENV)/.installed-dev
	$(BIN)/python -m $(if $(ARGS),pytest $(ARGS),tests)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy simweb metrics runs performance experiments
	$(BIN)/python manage.py makemigrations --check --dry-run

fix: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(ARGS)

faults: $(VENV)/.installed-dev
	SIMWEB_FAULT_RUNS=1000 $(BIN)/python -m pytest -s tests/faults tests/services tests/web/test_lines.py tests/web/test_undisturbed.py $(ARGS)

lock:
	uv pip compile --python-version 3.11 --generate-hashes --no-header -q --extra compiled --extra llm --extra search pyproject.toml -o requirements.txt
	uv pip compile --python-version 3.11 --generate-hashes --no-header -q --extra test --extra lint --extra bench -c requirements.txt pyproject.toml -o requirements-dev.txt

$(VENV)/.installed: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing simweb into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
