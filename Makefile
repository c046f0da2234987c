# `make run`, `make test`, `make demo` need Python 3.11+ and nothing else that they cannot say in one line.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BIND ?= 127.0.0.1:8000
PYBABEL := $(BIN)/pybabel -q

# Links printed and mailed lead to where the server listens, unless a setting says otherwise.
ifneq ($(BIND),127.0.0.1:8000)
export NETWORK_PUBLIC_URL ?= http://$(BIND)
endif

# Each try has its own time: else the second one of a test that hung would have none left, and hang for ever.
A_TRY := --reruns 1 -rR --timeout=180 -o timeout_func_only=true

.PHONY: run demo cluster test corpus check bench shots lock messages clean help

help:  ## This list.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

run: $(VENV)/run.done forum/translations/.done  ## The whole product on http://127.0.0.1:8000.
	$(BIN)/flask --app wsgi prepare
	exec $(BIN)/flask --app wsgi serve --bind $(BIND)

demo: export NETWORK_INSTANCE := $(CURDIR)/instance-demo
demo: export NETWORK_DEMO := true
demo: run  ## The same with a filled network of its own, and sign-ins to try.

cluster: $(VENV)/run.done forum/translations/.done  ## The demo on two web processes, with Redis, jobs and nginx.
	exec $(BIN)/python -m deploy.cluster $(BIND)

# What Python compiled is kept: else each worker and each of the processes under test compiles everything again.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/dev.done forum/translations/.done  ## Everything: rules, types, tests on both databases, browser, several servers.
	@$(BIN)/python -m tests.install
	@$(BIN)/python -m tests.corpus
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not browser and not cluster"
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "database and not browser" --database postgresql
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "browser or cluster" $(A_TRY)
	cd frontend && npm test --silent

corpus: $(VENV)/dev.done  ## All test files of other people's packages; `make test` reads a part of them.
	@$(BIN)/python -m tests.corpus
	CORPUS=all $(BIN)/python -m pytest -n 2 --dist worksteal tests/files/reader/test_corpus.py

check: $(VENV)/dev.done  ## Style, types, import contracts, templates.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/deptry .

bench: $(VENV)/dev.done forum/translations/.done  ## Measure; `make bench ONLY=topic,reply` a part.
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

shots: $(VENV)/dev.done forum/translations/.done  ## Pictures of the demo's pages in shots/.
	$(BIN)/python -m tests.shots

lock: $(VENV)/dev.done  ## Exact versions with hashes from the .in files.
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements-dev.in -o requirements-dev.txt

messages: $(VENV)/dev.done  ## Collect the texts for translation.
	$(PYBABEL) extract -F babel.cfg -k _l --no-location --no-wrap --omit-header -o forum/translations/messages.pot forum templates
	$(PYBABEL) update -i forum/translations/messages.pot -d forum/translations --no-wrap --no-fuzzy-matching --ignore-pot-creation-date

forum/translations/.done: $(wildcard forum/translations/*/LC_MESSAGES/*.po) | $(VENV)/run.done
	$(PYBABEL) compile -d forum/translations
	@touch $@

$(VENV)/run.done: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev.done: requirements-dev.txt $(VENV)/run.done
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

clean:  ## Remove what was made, not the instance folders.
	rm -rf $(VENV) shots bench/data bench/results.json frontend/node_modules forum/translations/.done
