# Needs Python 3.11 or newer, make and git; everything else is set up here. PYTHON=… names an interpreter.
.DEFAULT_GOAL := help
.PHONY: help install up down test check bench docs lock
MAKEFLAGS += --no-print-directory
export PYTHON
# Bytecode makes every later start quicker, whatever the shell that typed this prefers.
unexport PYTHONDONTWRITEBYTECODE

MANIFEST ?= systems/granter/mainstay.yaml
RUNS = -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
ANY_PYTHON = $(shell for p in "$(PYTHON)" .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11 \
	/usr/bin/python3; do [ -n "$$p" ] && "$$p" $(RUNS) && echo "$$p" && break; done)
INSTALL = python='$(ANY_PYTHON)'; [ -n "$$python" ] || { echo "make: no Python 3.11 or newer found;\
 type: apt-get install python3 (as root), or name one: make PYTHON=/path/to/python3" >&2; exit 1; };\
 "$$python" tools/install.py

TYPED = $(foreach place,src tests kit/src kit/tests tools benchmarks,$(if\
 $(shell find $(place) -name '*.py' -print -quit 2>/dev/null),$(place)))

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

install: ## .venv with the locked dependencies and .venv/bin/mainstay
	@$(INSTALL) $(if $(filter install,$(MAKECMDGOALS)),--report)

up: install ## GRANTER from nothing to live (MANIFEST=… another system, ARGS=…)
	@.venv/bin/mainstay -f $(MANIFEST) up $(ARGS)
	@[ "$(MANIFEST)" != systems/granter/mainstay.yaml ] || echo "account: register there, at /register, with any e-mail address;\
 nothing is mailed, nothing leaves this machine"

down: install ## end what `make up` began, keep the data
	@.venv/bin/mainstay -f $(MANIFEST) down $(ARGS)

test: ## install, then every test (ARGS=… for pytest)
	@$(INSTALL) --test
	@.venv/bin/python tools/run_tests.py $(ARGS)

# Many quick tests wait for a process or the disk, so four of them run at once on two cores.
check: install ## what to run before a commit: format, lint, types, house rules, quick tests
	@.venv/bin/ruff format --check
	@.venv/bin/ruff check
	@.venv/bin/mypy $(TYPED)
	@.venv/bin/python tools/run_tests.py -n 4 -m "not slow" $(ARGS)

bench: install ## the benchmarks, written to benchmarks/results/
	@.venv/bin/python -m benchmarks $(ARGS)

docs: install ## the documentation; fails on a broken link
	@.venv/bin/python tools/check_links.py
	@.venv/bin/zensical build --clean --strict

lock: install ## remake requirements.lock from pyproject.toml
	@.venv/bin/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --upgrade --quiet -o requirements.lock
