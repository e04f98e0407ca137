# Three commands for newcomers (demo, test, lint), the others for the curious. Everything lands in .venv and build.
PYTHON ?= python3
# Passed on to the build, such as BUILD=--config-settings=cmake.define.AESTREAM_WERROR=ON
BUILD ?=
# Passed on to pytest, such as PYTEST="-k evt3"
PYTEST ?=

VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint .ci/constraints.txt
SOURCES := pyproject.toml CMakeLists.txt README.md LICENSE \
	$(shell find aestream csrc -type f -not -path '*/__pycache__/*' -not -path 'csrc/fuzz/*' -not -path 'csrc/stress/*')
CPP := $(shell find csrc tests/cuda -name '*.cpp' -o -name '*.hpp' -o -name '*.cuh')
PY := $(wildcard aestream tests benchmarks recipes)

.PHONY: help demo test lint format bench cameras fuzz clean
.DELETE_ON_ERROR:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.recipes ## Install the package into .venv and run the demo
	$(VENV)/bin/python recipes/demo.py

test: $(VENV)/.test ## Install what is missing and run the tests against the installed package
	$(VENV)/bin/pytest --numprocesses auto --dist loadfile $(PYTEST)

lint: $(VENV)/.lint ## Check style and types of Python, style of C++
	$(VENV)/bin/ruff check $(PY)
	$(VENV)/bin/ruff format --check $(PY)
	$(VENV)/bin/mypy
	@$(VENV)/bin/clang-format --dry-run -Werror $(CPP)

format: $(VENV)/.lint ## Rewrite Python and C++ in the project's style
	$(VENV)/bin/ruff check --fix $(PY)
	$(VENV)/bin/ruff format $(PY)
	@$(VENV)/bin/clang-format -i $(CPP)

bench: $(VENV)/.hdf5 ## Compare speeds with the peers, installed beside us
	$(VENV)/bin/python -m benchmarks.run
	$(VENV)/bin/python -m benchmarks.learning

cameras: $(VENV)/.cameras ## Install the drivers of cameras, for the tests on emulated ones

fuzz: ## Feed the decoders damaged bytes for a minute (FUZZ_SECONDS); needs clang and cmake
	bash csrc/fuzz/run

clean: ## Remove everything that was built or installed here
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# An environment that was left half made is made again.
$(VENV)/.python:
	$(VENV)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

# Built once into a wheel that every target installs, and again when a source has changed.
$(VENV)/.package: $(VENV)/.python .ci/constraints.txt $(SOURCES)
	@echo "building the package and installing it with torch into $(VENV): some minutes the first time"
	@rm -rf $(VENV)/wheel
	$(PIP) wheel --quiet --no-deps --wheel-dir $(VENV)/wheel $(BUILD) .
	$(INSTALL) $(VENV)/wheel/*.whl
	$(INSTALL) --force-reinstall --no-deps $(VENV)/wheel/*.whl
	@touch $@

$(VENV)/.recipes $(VENV)/.test $(VENV)/.lint $(VENV)/.hdf5 $(VENV)/.cameras: $(VENV)/.%: $(VENV)/.package
	$(INSTALL) "$$(echo $(VENV)/wheel/*.whl)[$*]"
	@touch $@
