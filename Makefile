# The everyday commands; `make help` lists them.
PYTHON ?= python3
AS_OF := 2026-07-01
OLIST ?= olist
OUTCOMES := .venv/bin/outcomes

.DEFAULT_GOAL := help
.PHONY: help setup build test lint docs olist bench clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/.made ## set everything up in .venv, from uv.lock

.venv/.made: pyproject.toml uv.lock scripts/bootstrap.py
	$(PYTHON) scripts/bootstrap.py
	@touch $@

build: setup ## build, check and publish the sample company
	$(OUTCOMES) build --as-of $(AS_OF)

test: setup ## run every test: dbt's unit tests, then pytest
	OUTCOMES_WAREHOUSE=build/unit_tests.duckdb DBT_TARGET_PATH=build/unit_tests .venv/bin/dbt --quiet run --empty
	OUTCOMES_WAREHOUSE=build/unit_tests.duckdb DBT_TARGET_PATH=build/unit_tests .venv/bin/dbt test --select test_type:unit
	.venv/bin/pytest

lint: setup ## check the style of SQL and Python
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/sqlfluff lint models tests analyses

docs: build ## write dbt's documentation to target/static_index.html
	.venv/bin/dbt docs generate --static

olist: setup ## run the real example; OLIST names the folder with the downloaded files
	.venv/bin/python examples/olist/shape.py $(OLIST) build/olist/input
	$(OUTCOMES) build --input build/olist/input --warehouse build/olist/warehouse.duckdb --publish build/olist/published \
		--as-of 2018-12-01 --vars '{reporting_currency: BRL, reporting_timezone: America/Sao_Paulo}'

bench: setup ## time a build of 1 million transactions beside a hand-written script
	.venv/bin/python benchmarks/run.py

clean: ## remove what builds leave, but for published/
	rm -rf build target logs
