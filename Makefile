# `make` alone lists the targets. Everything is installed into .venv; nothing outside this folder is touched.
HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON := .venv/bin/python

# What the checks run with: an installation behind HTTPS, with data of its own.
CHECK_ENV := DATA_DIR=.cache/check PUBLIC_URL=https://playground.example.org \
	SECRET_KEY=only-for-the-checks-and-long-enough-for-them-0123456789-abcdefgh

.DEFAULT_GOAL := help
.PHONY: help run model test reliability lint format messages bench bench-pages lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: ## Install what is missing, migrate, and serve on HOST:PORT (127.0.0.1:8000)
	@scripts/setup run
	@$(PYTHON) -m scripts.prepare
	@exec $(PYTHON) manage.py serve --host $(HOST) --port $(PORT)

model: ## Install the tiny demo model, where `make run` could not
	@scripts/setup model

test: ## Run every test, unit to browser; TESTS="tests/runs -k stop" runs some of them on SQLite
	@scripts/setup test
	@$(PYTHON) -m scripts.test $(TESTS)

reliability: ## Run the reliability tests at their full sizes (hours on a small machine); RELIABILITY_TESTS="-k storm" some
	@scripts/setup test
	@RELIABILITY=full $(PYTHON) -m scripts.test -s tests/reliability $(RELIABILITY_TESTS)

lint: ## Run every static check
	@scripts/setup dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) -m djlint --quiet --check templates
	$(PYTHON) -m djlint --quiet --lint templates
	@mkdir -p .cache/check
	$(CHECK_ENV) $(PYTHON) manage.py makemigrations --check --dry-run
	$(CHECK_ENV) $(PYTHON) manage.py check --deploy --fail-level WARNING

format: ## Format the Python code and the templates
	@scripts/setup dev
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .
	$(PYTHON) -m djlint --quiet --reformat templates

messages: ## Bring the translations in locale/ up to date with the sources, and compile them
	@scripts/setup dev
	@$(PYTHON) -m scripts.messages

bench: ## Measure against bare relays (about half an hour); BENCH="--quick", or "--streams 50 --repeats 1", narrows it
	@scripts/setup dev
	@$(PYTHON) -m bench $(BENCH)

bench-pages: ## Measure the history's pages with 100,000 sessions, on SQLite or on an empty DATABASE_URL (about 6 minutes)
	@scripts/setup dev
	@$(PYTHON) -m bench.pages

lock: ## Write the requirements' .txt files anew from their .in files
	@scripts/setup dev
	$(PYTHON) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--quiet requirements.in --output-file requirements.txt
	$(PYTHON) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--quiet requirements-dev.in --output-file requirements-dev.txt
	$(PYTHON) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--quiet requirements-langchain.in --output-file requirements-langchain.txt

clean: ## Remove caches and collected static files; .venv and data/ stay
	rm -rf .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache static/root test-results
