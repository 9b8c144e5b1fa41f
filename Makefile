# Every command a person types. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

# A folder named like one of our top-level packages must never win over the installed distribution.
export PYTHONSAFEPATH := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet

# A stamp says that this very content was installed; it lives in the environment, so both go together.
STAMPS := $(VENV)/.stamps
stamp = $(STAMPS)/$(1)-$(shell cat $(2) | sha256sum | cut -c1-16)
PRODUCT := $(call stamp,product,requirements/product.txt requirements/build.txt)
INSTALLED := $(call stamp,installed,requirements/product.txt requirements/build.txt pyproject.toml)
SYSTEM := $(call stamp,system,packaging/system-packages.txt)
DEV := $(call stamp,dev,requirements/product.txt requirements/build.txt requirements/dev.txt)
SYSTEM_TEST := $(call stamp,system-test,packaging/system-packages-test.txt)
CSIP := $(call stamp,csip,requirements/csip.txt)
VERAPDF := $(call stamp,verapdf,tests/verapdf/pom.xml tests/verapdf/Judge.java)
INTEROP := tests/interop/stacks
SPYNE := $(call stamp,spyne,requirements/interop.txt)
NPM := $(call stamp,npm,$(INTEROP)/npm/package-lock.json)
METRO := $(call stamp,metro,$(wildcard $(INTEROP)/java/* schemas/contract/postal-tracking.*))
SYSTEM_BENCH := $(call stamp,system-bench,packaging/system-packages-bench.txt)

PACKAGES := gateway adapters scanning tracking schemas
CHECKED := $(PACKAGES) tests $(wildcard benchmarks)
PYTEST := $(BIN)/python -m pytest
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links $(UPGRADE)

.PHONY: help setup stacks run test check lint bench faults fuzz screenshots lock image clean

help:  ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(INSTALLED) $(SYSTEM)  ## .venv from the lock file, system packages; the command is then .venv/bin/lienthong
	@echo "Ready: $(BIN)/lienthong"

stacks: setup $(DEV) $(SYSTEM_TEST) $(VERAPDF) $(CSIP) $(SPYNE) $(NPM) $(METRO)  ## what only the tests need: dev lock, browser, PDF viewers, validators, foreign SOAP stacks

run: setup  ## gateway, sandbox peers and sample province on SQLite, at 127.0.0.1:8080
	$(BIN)/lienthong demo

test: stacks lint  ## everything: what make check looks at, then every test, on two processes (tests/conftest.py has the order)
	$(PYTEST) tests -m "not faults" -n 2 --dist loadfile --no-loadscope-reorder

check: lint  ## ruff, mypy --strict, import contracts, house rules, unit tests
	$(PYTEST) tests/house tests/unit -m "not slow and not faults" -n 2 --dist loadfile --no-loadscope-reorder

lint: setup $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(CHECKED)
	$(BIN)/lint-imports

bench: setup $(DEV) $(SYSTEM_BENCH)  ## the benchmarks, each with its floor or peer in the same run, as ratios
	$(BIN)/python -m benchmarks

faults: stacks  ## the long fault runs
	$(PYTEST) tests -m faults

fuzz: stacks  ## atheris at every parser of what strangers send, SECS seconds each (20)
	$(BIN)/python -m tests.fuzz.hunt $(or $(SECS),20)

screenshots: stacks  ## every screen, both languages, into tests/screens/out
	$(BIN)/python -m tests.screens

lock: $(VENV)/bin/python  ## write requirements/*.txt anew from pyproject.toml (UPGRADE=--upgrade for newer versions)
	$(PIP_INSTALL) "uv>=0.8"
	$(COMPILE) pyproject.toml -o requirements/product.txt
	$(COMPILE) requirements/build.in -c requirements/product.txt -o requirements/build.txt
	$(COMPILE) pyproject.toml --group dev -c requirements/product.txt -c requirements/build.txt -o requirements/dev.txt

image:  ## the container image
	docker build -t lienthong .

clean:  ## remove the environment and caches; var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

$(VENV)/bin/python:
	packaging/make-venv $(VENV)

$(PRODUCT): | $(VENV)/bin/python
	$(PIP_INSTALL) --require-hashes -r requirements/product.txt -r requirements/build.txt
	@mkdir -p $(STAMPS) && rm -f $(STAMPS)/product-* && touch $@

# Editable and without dependencies: those came from the lock, by hash; so did the build back end.
$(INSTALLED): $(PRODUCT)
	$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && rm -f $(STAMPS)/installed-* && touch $@

$(DEV): $(PRODUCT)
	$(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@mkdir -p $(STAMPS) && rm -f $(STAMPS)/dev-* && touch $@

# Needs Maven and Java 17 from the system packages. Where they or the repository are away it says so and leaves no stamp:
# the tests that ask veraPDF are then skipped by name, which counts as failed in CI.
$(VERAPDF): | $(SYSTEM_TEST)
	@rm -rf $(VENV)/verapdf $(STAMPS)/verapdf-*; \
	if mvn -q -B -f tests/verapdf/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(VENV)/verapdf \
	  && javac -cp '$(VENV)/verapdf/*' -d $(VENV)/verapdf tests/verapdf/Judge.java; \
	then mkdir -p $(STAMPS) && touch $@; else echo "veraPDF is not built; what it would judge is not tested" >&2; fi

# The validator of archive packages, beside the environment: it pins libraries that are older than ours.
$(CSIP): | $(DEV)
	@rm -rf $(VENV)/csip $(STAMPS)/csip-*
	$(PIP_INSTALL) --require-hashes --no-deps --target $(VENV)/csip -r requirements/csip.txt
	@mkdir -p $(STAMPS) && touch $@

# The SOAP stacks of tests/interop, by their own package managers; PHP and gSOAP are system packages. One that cannot be
# had leaves no stamp: its cells are then skipped by name, which counts as failed in CI.
$(SPYNE): | $(DEV)
	@rm -rf $(VENV)/interop/spyne $(STAMPS)/spyne-*; \
	if $(PIP_INSTALL) --require-hashes --no-deps --target $(VENV)/interop/spyne -r requirements/interop.txt; \
	then mkdir -p $(STAMPS) && touch $@; else echo "spyne is not installed; our client is not tested against it" >&2; fi

$(NPM): | $(SYSTEM_TEST)
	@rm -rf $(VENV)/interop/npm $(STAMPS)/npm-*; mkdir -p $(VENV)/interop/npm; \
	cp $(INTEROP)/npm/package.json $(INTEROP)/npm/package-lock.json $(VENV)/interop/npm; \
	if npm ci --prefix $(VENV)/interop/npm --ignore-scripts --no-audit --no-fund --silent; \
	then mkdir -p $(STAMPS) && touch $@; else echo "npm soap is not installed; nothing is tested against it" >&2; fi

$(METRO): | $(SYSTEM_TEST)
	@rm -rf $(VENV)/interop/java $(STAMPS)/metro-*; \
	if $(INTEROP)/java/build $(CURDIR)/$(VENV)/interop/java; \
	then mkdir -p $(STAMPS) && touch $@; else echo "Metro is not built; nothing is tested against Java" >&2; fi

# A package that apt may not install is named on the screen each time, until somebody does.
$(SYSTEM) $(SYSTEM_TEST) $(SYSTEM_BENCH): | $(VENV)/bin/python
	@list=$$(basename $@ | sed -e 's/-[0-9a-f]*$$//' -e 's/^system/packaging\/system-packages/').txt; \
	packaging/install-system-packages $$list; \
	mkdir -p $(STAMPS); \
	if [ -z "$$(packaging/install-system-packages --missing $$list)" ]; then touch $@; fi
