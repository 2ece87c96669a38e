"""The summary of a build names excluded, future and quarantined rows by table, and every fault of an example."""

from customer_outcomes.intake.quarantine import Fault, faults
from customer_outcomes.report.figures import Figures, TableStates
from customer_outcomes.report.summary import MOST_TABLES, _of_work, print_tables
from helpers.builds import query


def test_every_fault_of_a_row_is_named():
    fault = Fault("crm.leads", 3, "bad_type", "created_at", "XX", "crm/leads.csv", 7, ("bad_value of channel",))
    assert fault.sentence.endswith(
        "in crm/leads.csv, row 7 (expected type: timestamp); the row also has bad_value of channel"
    )


def test_rows_with_several_faults_are_told(csv_build):
    several = query(
        csv_build.warehouse, "select count(*) from audit.quarantined_rows where json_array_length(faults) > 1"
    )
    found = faults(csv_build.warehouse)
    assert several[0][0] and any(fault.also for fault in found)
    assert (
        sum(fault.rows for fault in found)
        == query(csv_build.warehouse, "select count(*) from audit.quarantined_rows")[0][0]
    )


def test_tables_are_counted_the_most_rows_first(capsys):
    states = [TableStates(f"crm.t{rows}", 100, 0, 0, 0, rows, 0, 0) for rows in range(MOST_TABLES + 3)]
    print_tables(states, "excluded")
    print_tables(states, "future")
    assert capsys.readouterr().out == "  crm.t7 7, crm.t6 6, crm.t5 5, crm.t4 4, crm.t3 3, 2 more tables\n"


def test_the_summary_of_the_sample_counts_by_table(sample_build):
    said = sample_build.said.splitlines()
    for state, heading in (("excluded", "rows excluded"), ("future", "rows in the future")):
        [place] = [number for number, line in enumerate(said) if line.startswith(heading)]
        top = query(sample_build.warehouse, f"select max({state}) from audit.input_reconciliation")[0][0]
        assert (f" {top:,}" in said[place + 1]) if top else not said[place + 1].startswith("  ")


def test_a_company_that_nobody_answered_yet():
    figures = Figures(0, 0, None, None, None, None, 0, None, 0, 0)
    assert _of_work(figures)["first response, median"] == "not known"
