# Two commands do all set-up: `make demo` and `make test`. The second time takes seconds.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH := operator:e2e:tests:bench
export OPENBLAS_NUM_THREADS := 1

.PHONY: help setup binaries real-node fmt lint generate verify wheel helm-lint unit test test-all demo bench rivals e2e clean

help:  ## list these
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.ready  ## environment from the locked requirements

$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@echo "setting up $(VENV) (a minute the first time)"
	@$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m pip install --quiet --user virtualenv && $(PYTHON) -m virtualenv --quiet $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

binaries: setup  ## control plane, Helm and Prometheus into the cache (up to 15 minutes the first time)
	@$(BIN)/python -m controlplane build --with helm --with prometheus > /dev/null

real-node: setup binaries  ## also what a real node runs (5 minutes more the first time), where one can run
	@$(BIN)/python -m controlplane build --with real-node > /dev/null

fmt: setup  ## format and fix
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix .

lint: setup  ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q . && $(BIN)/mypy && $(BIN)/lint-imports

generate: setup  ## CRDs, API reference, metrics and reasons from the code
	@$(BIN)/python -m edgewarm.api.generate && $(BIN)/python docs/generate.py

verify: setup  ## fail if a generated file is stale
	@$(BIN)/python -m edgewarm.api.generate --check && $(BIN)/python docs/generate.py --check

wheel: setup  ## build the wheel, install it elsewhere and ask its version
	@rm -rf build/wheel && $(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w build/wheel .
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target build/wheel/installed build/wheel/*.whl
	@cd build/wheel && PYTHONPATH=installed ../../$(BIN)/python -m edgewarm --version

helm-lint: setup binaries  ## helm lint --strict
	@$(BIN)/python -m rig.helm lint --strict charts/edgewarm
	@$(BIN)/python -m rig.helm lint --strict charts/edgewarm --values charts/edgewarm/ci/everything-values.yaml

unit: setup  ## unit tests, seconds
	@$(BIN)/pytest -q -m unit tests/unit

test: setup binaries real-node  ## every test that this machine can run, slow ones sampled
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not slow"

test-all: setup binaries real-node  ## everything
	@$(BIN)/pytest --hypothesis-profile thorough

e2e: setup binaries real-node  ## only the tests on a real control plane
	@$(BIN)/pytest -m "e2e and not slow" e2e

demo: setup binaries  ## the main job, live, with a report at the end (TRACE=file.csv, KEEP=1)
	@$(BIN)/python -m demo $(if $(TRACE),--trace "$(TRACE)") $(if $(KEEP),--keep)

bench: setup rivals  ## accuracy, cost, speed and memory, with baselines in the same run (EDGEWARM_TRACES=DIR)
	@$(BIN)/python -m benchmarks

rivals: setup build/rivals/.ready  ## the libraries that `make bench` compares with, apart from the environment

build/rivals/.ready: requirements-rivals.lock
	@rm -rf build/rivals
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --target build/rivals -r $<
	@touch $@

clean: setup  ## end what `make demo KEEP=1` or a killed test run left running
	@$(BIN)/python -m controlplane clean
	@$(BIN)/python -m controlplane down --name demo
