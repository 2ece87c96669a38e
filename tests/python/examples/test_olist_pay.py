"""The Olist example prints the right pay under its two plans, on a warehouse made by hand."""

import subprocess
import sys

import duckdb
import pytest

from customer_outcomes.project import PROJECT_ROOT

WAREHOUSE = """
    create schema marts;
    create schema compensation;
    create table marts.dim_employees as
    from (values ('sdr-ana', 'marketing'), ('sdr-bia', 'marketing'), ('sdr-caio', 'marketing'), ('sr-pat', 'sales'))
        as employees (user_id, team);
    -- a lead that was not won has no account
    create table marts.fct_leads as
    from (values
        ('sdr-ana', 'sr-pat', 'acme'), ('sdr-ana', 'sr-pat', 'bolt'), ('sdr-bia', 'sr-pat', 'calm'),
        ('sdr-caio', 'sr-pat', 'dune'), ('sdr-caio', 'sr-pat', null)
    ) as leads (owner_user_id, sales_user_id, account_id);
    create table marts.customer_lifetime as
    from (values ('acme', 70.00), ('dune', 30.00)) as customers (account_id, cltv);
    create table compensation.comp_what_if as
    select *, scenario_payout - actual_payout as change
    from (values
        ('deal_quota', date '2018-03-01', 'marketing', 'sdr-ana', 50.00, 90.00),
        ('deal_quota', date '2018-04-01', 'marketing', 'sdr-ana', 40.00, 30.00),
        ('deal_quota', date '2018-04-01', 'marketing', 'sdr-bia', 10.00, 70.00),
        ('deal_quota', date '2018-04-01', 'marketing', 'sdr-caio', 80.00, 50.00),
        ('deal_quota', date '2018-04-01', 'sales', 'sr-pat', 25.00, 25.00),
        ('other', date '2018-04-01', 'sales', 'sr-pat', 25.00, 999.00)
    ) as what_if (scenario, period, team, user_id, actual_payout, scenario_payout);
    create table compensation.shared_comp_inputs as
    from (values
        (date '2018-04-01', 'marketing', 'sdr-bia', 'satisfaction', false, 0, 0.9, null),
        (date '2018-04-01', 'marketing', 'sdr-caio', 'satisfaction', true, 12, 0.5, 9.6)
    ) as inputs (period, team, user_id, metric_name, is_payable, n_customers, credibility, numerator);
    create table compensation.comp_statement_lines as
    from (values
        (date '2018-04-01', 'marketing', 'sdr-bia', 'satisfaction', 10.00),
        (date '2018-04-01', 'marketing', 'sdr-caio', 'satisfaction', 20.00)
    ) as lines (period, team, user_id, metric_name, payout);
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """The rows of each printed table, by its title."""
    warehouse = tmp_path_factory.mktemp("pay") / "warehouse.duckdb"
    with duckdb.connect(warehouse) as connection:
        connection.execute(WAREHOUSE)
    script = PROJECT_ROOT / "examples" / "olist" / "pay.py"
    run = subprocess.run([sys.executable, script, warehouse], capture_output=True, check=False, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    tables = {}
    for table in run.stdout.strip().split("\n\n"):
        title, *lines = table.strip().splitlines()
        tables[title] = [line.strip("│").replace(" ", "").split("│") for line in lines if line.startswith("│")]
    # the first two are the columns' names and types
    return {title: rows[2:] for title, rows in tables.items()}


def test_who_is_credited_with_sellers_who_never_sold(printed):
    assert printed["What the people of the won deals are credited with"] == [
        ["marketing", "3", "2", "1", "4", "2", "100.00", "70.00"],
        ["sales", "1", "1", "0", "4", "2", "100.00", "70.00"],
    ]


def test_who_gains_and_how_ranks_change(printed):
    # a team of one has no correlation; by pay ana, caio, bia became ana, bia, caio; by pay in a month caio, ana, bia became bia, ana, caio
    assert printed["What the plans pay, and who gains by shared"] == [
        ["marketing", "3", "4", "180.00", "240.00", "-60.00", "1", "2", "30.00", "2", "1", "-1.0"],
        ["sales", "1", "1", "25.00", "25.00", "0.00", "0", "0", "NULL", "0", "0", "nan"],
    ]


def test_the_months_side_by_side(printed):
    assert printed["Month by month"] == [
        ["2018-03-01", "1", "50.00", "90.00"],
        ["2018-04-01", "4", "155.00", "175.00"],
    ]


def test_what_is_paid_for_figures_of_others(printed):
    assert printed["What shared pays for, by metric"] == [
        ["marketing", "satisfaction", "9.60", "30.00", "2", "1", "0.5", "10.00"]
    ]


def test_those_who_gain_most_come_first(printed):
    assert printed["Payee by payee"] == [
        ["sdr-caio", "1", "1", "1", "30.00", "80.00", "50.00", "30.00", "2", "3"],
        ["sdr-ana", "2", "2", "1", "70.00", "90.00", "120.00", "-30.00", "1", "1"],
        ["sdr-bia", "1", "1", "0", "0.00", "10.00", "70.00", "-60.00", "3", "2"],
        ["sr-pat", "1", "4", "2", "100.00", "25.00", "25.00", "0.00", "1", "1"],
    ]
