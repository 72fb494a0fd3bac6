# Needs Python 3.11, make and git. Everything is installed in .venv and nowhere else.
PYTHON ?= python3.11
JOBS ?= 2
BIN := .venv/bin
RUN := .venv/.installed
DEV := .venv/.installed-dev
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_NO_PROGRESS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env demo up test test-fast check format bench chaos docs lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '  make %-10s %s\n' "$$target" "$$text"; done

env: $(DEV) ## build .venv with every pinned package, tests and tools included

demo: $(RUN) ## generate five systems, run raw to gold on local disk, print what happened
	@$(BIN)/lakehouse demo

up: $(RUN) ## start the Dagster UI and the daemon; prints the URL
	@$(BIN)/lakehouse up

test: $(DEV) ## run the full suite; ARGS="-k late" narrows it
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not chaos" --durations 20 $(ARGS)

test-fast: $(DEV) ## run the unit tests: no server, no browser, no Spark
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not chaos and not slow and not server" $(ARGS)

check: $(DEV) ## check lint, types, layout, language, dead and duplicate code, secrets, docs
	@$(BIN)/python -m tools.check $(ARGS)

format: $(DEV) ## fix what ruff can fix
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(DEV) ## measure against bare engines, side by side
	@$(BIN)/python -m bench $(ARGS)

chaos: $(DEV) ## run the full suite with the long proofs: many histories, many kills
	@LAKEHOUSE_CHAOS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

docs: $(DEV) ## write the generated pages, build the site into build/site
	@$(BIN)/python -m tools.reference write
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

lock: .venv/.made ## resolve the pins again where pyproject.toml changed; ARGS=--upgrade renews all
	@sh tools/lock.sh $(ARGS)

clean: ## remove the environment, builds and caches; data/ is left alone
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is built again only where the pins or the package's own metadata changed.
.venv/.made: requirements/build.txt
	@PYTHON="$(PYTHON)" sh tools/env.sh make

$(RUN): .venv/.made requirements/run.txt pyproject.toml setup.py
	@sh tools/env.sh install requirements/run.txt
	@touch $@

$(DEV): .venv/.made requirements/dev.txt pyproject.toml setup.py
	@sh tools/env.sh install requirements/dev.txt
	@touch $(RUN) $@
