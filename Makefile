# agreegen: `make demo` shows the main job, `make test` proves it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install install-run demo web test lint bench soak fuzz differential bundle lock licences clean
BIN := .venv/bin
WORKERS ?= 2

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: ## Debian packages (as root) and .venv with everything the tests need
	@.ci/install test

install-run:
	@.ci/install run

demo: install-run ## the main job on the sample data, into out/demo/
	@$(BIN)/agreegen demo out/demo --force

web: install-run ## the office in the browser on the demo's data, at 127.0.0.1, with a temporary account
	@[ -f out/demo/report.html ] || $(BIN)/agreegen demo out/demo --force
	@$(BIN)/agreegen web --home out/web --from-demo out/demo

test: install lint ## lint and the whole test suite
	@$(BIN)/python -m compileall -q -j $(WORKERS) src tests # else each process that a test starts compiles what it loads
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not soak"

lint: install ## ruff, mypy, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: install ## the benchmarks: docs/performance.md and benchmarks/results.json
	@$(BIN)/python -m benchmarks

soak: install ## slow tests: many faults, many rows, many mutated files
	@$(BIN)/python -m pytest -n $(WORKERS) -m soak --timeout 7200

fuzz: install ## coverage-guided fuzzing of verify: 200,000 mutated files
	@$(BIN)/pip install -q --no-deps --require-hashes -r requirements/fuzz.txt
	@$(BIN)/python -m tests.soak.guided --count $(or $(FUZZ_COUNT),200000) --processes $(WORKERS) --folder out/fuzz

differential: install ## what verify calls unaltered, four readers show as it was signed: 100,000 files
	@.ci/install differential
	@$(BIN)/python -m tests.differential.run --count $(or $(DIFFERENTIAL_COUNT),100000) --start $(or $(DIFFERENTIAL_START),0) \
	  --seed $(or $(DIFFERENTIAL_SEED),1) --processes $(WORKERS) --folder out/differential

bundle: install ## the tarball for isolated machines, into out/bundle/ (CREDENTIAL=… signs its list of hashes)
	@$(BIN)/python .ci/bundle/build.py out/bundle $(if $(CREDENTIAL),--credential $(CREDENTIAL))

lock: ## resolve the dependencies again
	@$(BIN)/pip install -q pip-tools
	@$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --allow-unsafe --no-strip-extras --no-header --extra all --extra dev -o requirements/dev.txt pyproject.toml
	@$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --allow-unsafe --no-strip-extras --no-header --extra all -c requirements/dev.txt -o requirements/runtime.txt pyproject.toml

licences: install ## docs/licences.md from the metadata of what is installed
	@$(BIN)/python -m tests.licences

clean: ## remove what was made (not .venv)
	@rm -rf out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
