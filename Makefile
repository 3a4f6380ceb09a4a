# Everything a newcomer types. Needs Python 3.11 or newer and make; each target sets up what it needs.
.DEFAULT_GOAL := help
.PHONY: help run test torture lint fix openapi docs bench lock clean
PYTHON ?= python3
BIN := .venv/bin

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/runtime: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/runtime requirements-dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

run: .venv/runtime  ## demo organisation on SQLite, web and worker; prints an address and a sign-in link
	$(BIN)/takehold demo --serve

test: .venv/dev  ## every test, on SQLite and on a real PostgreSQL
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

torture: .venv/dev  ## every fault in full, on both engines: kills, crowds, full disks; takes about an hour
	$(BIN)/python -m tests.faults.torture

lint: .venv/dev  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/dev  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

openapi: .venv/dev  ## write openapi.yaml from the running code
	$(BIN)/python -m service.openapi > openapi.yaml

docs: .venv/dev  ## write the generated pages of docs/
	$(BIN)/python -m service.docs

bench: .venv/dev  ## print ratios against peers on the same data; fetches those that need it into .peers
	$(BIN)/python -m benchmarks

lock: .venv/dev  ## resolve the dependencies anew (hashes, no addresses)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra build pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	for peer in aw-server chdb ralph; do $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header benchmarks/peers/$$peer.in -o benchmarks/peers/$$peer.txt || exit 1; done

clean:  ## remove the virtual environments and local data
	rm -rf .venv .peers takehold*.db* build *.egg-info
