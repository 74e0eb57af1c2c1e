.DEFAULT_GOAL := help
.PHONY: help run dev test test-rabbitmq lint format lock audit bench chaos soak screenshots corpus fuzz docker-smoke

# Many short processes run here; without bytecode each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
SEED ?= 1
# What meets a database or a broker is tested on both stacks; the rest of tests/system is about one or none.
SERVED = tests/system/test_backup.py tests/system/test_broker.py tests/system/test_doctor.py tests/system/test_serve.py
STACKED = tests/accounts tests/api tests/cli tests/config tests/events tests/faults tests/files tests/processing $(SERVED)
# What a bell or a sweep goes through is tested with the third broker, too.
BROKERED = tests/system/test_broker.py tests/system/test_serve.py tests/api/test_health.py tests/processing/test_ring.py
# These run for long, in many processes; measuring what they reach would double that, and other tests reach it too.
UNMEASURED = tests/faults tests/chaos
# `make test COVERAGE=--cov` says which lines ran, and fails below 90 %; that takes a quarter longer.
COVERAGE ?=
# Much of what they do is to wait for processes of their own, so three at a time keep two cores busy.
PYTEST = $(BIN)/pytest -n 3 --dist worksteal --randomly-seed=$(SEED) $(ARGS)

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(MAKEFILE_LIST) | awk '{ name = $$1; $$1 = ""; printf "make %-13s%s\n", name, $$0 }'

run:  ## Install what is missing and start everything at http://127.0.0.1:8000
	@scripts/bootstrap && exec $(BIN)/filemill serve

dev:  ## Install what work on Filemill needs
	@scripts/bootstrap requirements-dev.txt

test: dev  ## Install what the tests need and run them all, on SQLite, on PostgreSQL and Redis, and with RabbitMQ
	@scripts/test-programs
	$(BIN)/python scripts/audit.py
	$(PYTEST) $(COVERAGE) $(if $(COVERAGE),$(UNMEASURED:%=--ignore=%))
	$(if $(COVERAGE),$(PYTEST) $(UNMEASURED))
	FILEMILL_TEST_STACK=production $(PYTEST) $(STACKED)
	FILEMILL_TEST_STACK=rabbitmq $(PYTEST) $(BROKERED)

test-rabbitmq: dev  ## Run all tests that meet a database or a broker on PostgreSQL and RabbitMQ
	@scripts/test-programs
	FILEMILL_TEST_STACK=rabbitmq $(PYTEST) $(STACKED)

lint: dev  ## Check style, types, layers, translations and migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/build-pages --check
	$(BIN)/python scripts/languages.py --check
	FILEMILL_SECRET_KEY=lint DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run

format: dev  ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## Write requirements.txt and requirements-dev.txt anew from pyproject.toml
	@scripts/lock

audit: dev  ## Look up known advisories on the locked packages; fails where that is not possible, too
	$(BIN)/python scripts/audit.py --required

bench: dev  ## Measure requests and files per second, and what they are held against
	@scripts/test-programs
	$(BIN)/python bench/run.py $(ARGS)

chaos: dev  ## Kill, stop, flush and restart every part under load, 200 times on each stack, and look what was lost
	@scripts/test-programs
	PYTHONPATH=tests $(BIN)/python -m chaos $(ARGS)

soak: dev  ## Send 200 files by clients of others over a line that cuts, kill the server 100 times, send 20 GiB
	@scripts/test-programs
	FILEMILL_TEST_FAULTS=all FILEMILL_TEST_SEED=$(SEED) $(BIN)/pytest -v tests/clients tests/api/test_resumable_kills.py $(ARGS)
	$(BIN)/python bench/resumable.py 20

screenshots: dev  ## Draw every page in both themes, wide and narrow, into docs/screenshots
	@scripts/test-programs
	PYTHONPATH=tests $(BIN)/python scripts/screenshots.py $(ARGS)

corpus: dev  ## Run every file of a corpus through the service, on both stacks, and look at its page in Chromium
	@scripts/test-programs
	$(BIN)/python scripts/corpus.py $(ARGS)
	$(BIN)/python scripts/corpus.py --stack production $(ARGS)

fuzz: dev  ## Feed our own readers of bytes with what breaks them, a minute each (Python 3.11 to 3.13)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-fuzz.txt
	$(BIN)/python scripts/fuzz.py $(ARGS)

docker-smoke:  ## Build the image, start the compose file, try it, break it, remove it
	@scripts/docker-smoke
