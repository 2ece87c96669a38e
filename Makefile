# The everyday commands; `make help` lists them.
PYTHON ?= python3
AS_OF := 2026-07-01
OLIST ?= olist
SERVICENOW ?= servicenow
OUTCOMES := .venv/bin/outcomes
UNIT_TESTS := OUTCOMES_WAREHOUSE=build/unit_tests.duckdb DBT_TARGET_PATH=build/unit_tests .venv/bin/dbt

.DEFAULT_GOAL := help
.PHONY: help setup build test wheel lint docs olist servicenow pictures bench clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.made ## set everything up in .venv, from uv.lock

.venv/.made: pyproject.toml uv.lock scripts/bootstrap.py
	$(PYTHON) scripts/bootstrap.py
	@touch $@

build: setup ## build, check and publish the sample company, whose page names its employees
	$(OUTCOMES) build --as-of $(AS_OF) --vars '{show_employees: true}'

test: setup ## run every test: dbt's unit tests, then pytest
	$(UNIT_TESTS) --quiet build --empty --resource-type seed --resource-type model --vars "$$(cat scripts/other_vars.yml)"
	$(UNIT_TESTS) test --select test_type:unit --vars "$$(cat scripts/other_vars.yml)"
	.venv/bin/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/python/building/test_wheel.py

wheel: setup ## build the wheel, and try it in an empty environment and an empty folder
	.venv/bin/pytest tests/python/building/test_wheel.py

lint: setup ## check the style of SQL, Python and YAML, and the types of Python
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/yamllint --strict .
	.venv/bin/sqlfluff lint models tests analyses

docs: build ## write dbt's documentation to target/static_index.html
	.venv/bin/dbt docs generate --static

olist: setup ## run the real example of a marketplace; OLIST names the folder with the downloaded files
	.venv/bin/python examples/shape.py examples/olist $(OLIST) build/olist/input
	$(OUTCOMES) build --input build/olist/input --warehouse build/olist/warehouse.duckdb --publish build/olist/published \
		--as-of 2018-12-01 \
		--vars '{reporting_currency: BRL, reporting_timezone: America/Sao_Paulo, ttv_clock: won, ttv_event: first_value_use}'
	.venv/bin/python examples/olist/pay.py build/olist/warehouse.duckdb

servicenow: setup ## run the real example of a help desk; SERVICENOW names the folder with the downloaded file
	.venv/bin/python examples/shape.py examples/servicenow $(SERVICENOW) build/servicenow/input
	$(OUTCOMES) build --input build/servicenow/input --warehouse build/servicenow/warehouse.duckdb \
		--publish build/servicenow/published --as-of 2017-03-01
	.venv/bin/python examples/servicenow/figures.py $(SERVICENOW) build/servicenow/warehouse.duckdb 2017-03-01

pictures: build ## draw README's pictures of the page, and those of docs/forecasts.md with the figures on it
	.venv/bin/python scripts/page_pictures.py
	.venv/bin/python scripts/forecast_pictures.py

bench: setup ## time 1 million transactions, 1 million tickets and forecasts of 1 million customers, each beside another way
	.venv/bin/python benchmarks/run.py

clean: ## remove what builds leave, but for published/ and published_pay/
	rm -rf build target logs
