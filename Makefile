# What people type. `make help` lists it; the work is done by the programs that are called.
.DEFAULT_GOAL := help
.PHONY: help python setup setup-dev docker browser demo local down test test-unit test-integration test-molecule test-e2e bench lint lock
MAKEFLAGS += --no-print-directory

# The system's Python makes .venv; from then on everything runs in it.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -o junit_suite_name=pytest
REPORTS := .local_aws/reports

# Python compiles modules once instead of at every start; the shell's own wish does not matter here.
unexport PYTHONDONTWRITEBYTECODE

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Expected Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "Next: install one and type: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }

setup: python ## make .venv: Ansible, its collections and boto3
	@$(PYTHON) -m local_aws.virtual_environment .venv requirements.lock

setup-dev: python ## make .venv with the tools that test and lint, too
	@$(PYTHON) -m local_aws.virtual_environment .venv requirements-dev.lock

docker: python ## make sure that a Docker engine runs (DOCKER=never refuses)
	@$(PYTHON) -m local_aws.docker_engine

browser: python ## make sure that there is a Chromium, for the tests of status.yml's page
	@$(PYTHON) -m tests.browser

demo: python ## build an image, deploy it to staging, promote it to prod, on a local AWS
	@$(PYTHON) -m examples.demo

local: docker ## start the local AWS and print what points a shell at it
	@$(PYTHON) -m local_aws up
	@$(PYTHON) -m local_aws env

down: python ## take the local AWS away: containers, volumes, images, state
	@$(PYTHON) -m examples.demo down

# End-to-end tests wait for containers a third of their time, and molecule takes what they leave.
test: ## run every test: unit, integration, molecule, end to end
	@rm -rf $(REPORTS)
	@$(MAKE) test-unit test-integration
	@$(MAKE) --jobs=2 test-molecule test-e2e
	@$(BIN)/python -m tests.summary $(REPORTS)

test-unit: setup-dev browser ## run the tests that need no AWS
	$(call timed,unit,$(PYTEST) --junit-xml=$(REPORTS)/unit.xml -n 2 --dist loadfile tests/unit examples/webapp/tests)

# Three at a time, because they wait for containers half of it.
test-integration: setup-dev docker ## run each module against a local AWS, and moto
	$(call timed,integration,$(call tried,integration,-n 3 --dist loadfile --no-loadscope-reorder))

# Four scenarios, and each of them waits for its turn on one process: all at once. No moment matters in them.
test-molecule: PYTEST := nice $(PYTEST)
test-molecule: setup-dev docker ## run the roles' scenarios, each against a local AWS of its own
	$(call timed,molecule,$(call tried,molecule,-n 4))

test-e2e: setup-dev docker ## run every command with real containers, in two accounts at a time
	$(call timed,end to end,$(call tried,e2e,-n 2 --dist loadfile --no-loadscope-reorder))

bench: setup-dev docker ## measure this beside other tools, and write docs/performance.md (ROUNDS=5)
	@$(BIN)/python -m tests.bench --rounds $(or $(ROUNDS),5)

lint: setup-dev ## run every linter
	$(call timed,ansible-lint,ANSIBLE_COLLECTIONS_PATH=$$(echo $(BIN)/../lib/python3*/site-packages) PATH="$$PWD/$(BIN):$$PATH" \
	  $(BIN)/ansible-lint --offline --profile production)
	$(call timed,yamllint,$(BIN)/yamllint --strict .)
	$(call timed,ruff,$(BIN)/ruff check && $(BIN)/ruff format --check)
	$(call timed,mypy,$(BIN)/mypy --strict library/module_utils library/*.py local_aws examples/*.py examples/webapp/*.py \
	  playbooks/action_plugins playbooks/callback_plugins playbooks/lookup_plugins playbooks/vars_plugins tests/bench tests/browser.py \
	  roles/notifier/files/notifier ci/*.py)
	$(call timed,shellcheck,git grep -lE '^#!.*\b(ba)?sh$$' | xargs $(BIN)/shellcheck)
	$(call timed,hadolint,git ls-files '*Dockerfile' | xargs $(BIN)/hadolint)
	$(call timed,actionlint,PATH="$$PWD/$(BIN):$$PATH" $(BIN)/actionlint)
	$(call timed,zizmor,$(BIN)/zizmor --quiet --offline .github examples/github)

UV_COMPILE := uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url
lock: ## write the lock files again from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "Expected the command uv. Next: pip install uv, then make lock"; exit 1; }
	$(UV_COMPILE) pyproject.toml --output-file requirements.lock
	$(UV_COMPILE) pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(UV_COMPILE) --group local-aws --output-file local_aws/requirements.lock
	cd examples/webapp && $(UV_COMPILE) --python-version 3.11 requirements.in --output-file requirements.txt

# Containers on a busy machine miss a moment now and then: what fails is tried once more and alone. The summary says which.
PYTEST_OF = $(PYTEST) tests/$(1) -o cache_dir=.pytest_cache/$(1)
define tried
rm -f $(REPORTS)/$(1).again.xml; $(PYTEST_OF) --cache-clear --junit-xml=$(REPORTS)/$(1).xml $(2) || \
  { printf '\n== %s: what failed is tried once more and alone\n' '$(1)'; \
    $(PYTEST_OF) --last-failed --last-failed-no-failures=none --junit-xml=$(REPORTS)/$(1).again.xml; }
endef

define timed
	@printf '\n== %s\n' '$(1)'; start=$$(date +%s); $(2); code=$$?; \
	  printf '== %s: %s in %s s\n' '$(1)' "$$([ $$code = 0 ] && echo good || echo failed)" $$(($$(date +%s) - start)); exit $$code
endef
