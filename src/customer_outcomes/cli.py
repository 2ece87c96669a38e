"""The `outcomes` command."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from customer_outcomes.errors import FailedCheck, UnusableInput, exit_code, raised_as, sentence, sentences_of
from customer_outcomes.places.paths import pay_folder
from customer_outcomes.project import SAMPLE_INPUT
from customer_outcomes.report.json_result import JsonResult
from customer_outcomes.signals import set_stop_note, stop_note
from customer_outcomes.warehouse import DEFAULT_WAREHOUSE

app = typer.Typer(
    help=(
        "A warehouse for one question: what did marketing and sales do for the customer, "
        "and are they paid for that?\n\n"
        "Exit codes: 0 done; 1 a check of the data failed; 2 the input or the arguments cannot be used; "
        "130 and 143 stopped by SIGINT or SIGTERM."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
NARROWEST = 100  # the least width, in characters, of tables that are not printed to a terminal
errors = Console(stderr=True, soft_wrap=True, highlight=False)


class FileFormat(StrEnum):
    """The formats in which a sample is written."""

    CSV = "csv"
    PARQUET = "parquet"


# Options that several commands have.
InputFolder = Annotated[
    Path, typer.Option(help="Folder of the input: <domain>/<table>.csv or .parquet, as the input contract says.")
]
RulesFolder = Annotated[
    Path | None,
    typer.Option(
        help="Folder of a company's own rule files; for a missing file the default is used. "
        "Default: the folder rules in the input, if it exists."
    ),
]
Vars = Annotated[str | None, typer.Option(help="Vars as YAML, such as '{reporting_currency: BRL}'.")]
BuiltWarehouse = Annotated[Path, typer.Option(help="The database file that was built.")]


@app.command()
def build(
    input: InputFolder = SAMPLE_INPUT,
    rules: RulesFolder = None,
    warehouse: Annotated[Path, typer.Option(help="The database file to build.")] = DEFAULT_WAREHOUSE,
    publish: Annotated[Path, typer.Option(help="The folder that BI tools read; it holds no pay.")] = Path("published"),
    publish_pay: Annotated[
        Path | None,
        typer.Option(
            help="The folder of pay, which its owner alone may read. Default: the name of the published folder with "
            "_pay at its end."
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="The moment up to which the build knows the input, ISO 8601, UTC. Default: now."),
    ] = None,
    vars: Vars = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            help="The name of an alarm to let pass in this build, such as shrink:crm.transactions or cltv; "
            "may be given several times."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="The person who accepts the alarms; recorded in the folder of pay.")
    ] = None,
    full_refresh: Annotated[
        bool,
        typer.Option(
            "--full-refresh",
            help="Build into a new file that takes the warehouse's place, so that nothing of earlier input is left in "
            "it; needs disk space for both files.",
        ),
    ] = False,
    threads: Annotated[int, typer.Option(min=1, max=1024, help="The number of threads.")] = os.cpu_count() or 1,
    json: Annotated[bool, typer.Option("--json", help="Write JSON; docs/json.md describes its keys.")] = False,
) -> None:
    """Check the input, build the warehouse, check the results, and publish them."""
    folders = f"{publish.absolute()} and {(publish_pay or pay_folder(publish)).absolute()}"
    results_note = (
        f"{folders} stay as the last good build left them."
        if publish.exists()
        else f"Nothing is published into {folders}."
    )
    with _exit_codes(results_note, warehouse, "build" if json else None) as result:
        from customer_outcomes.build import Build
        from customer_outcomes.report.json_result import build_keys
        from customer_outcomes.report.summary import print_summary

        arguments = Build(
            input=input,
            rules=rules,
            warehouse=warehouse,
            publish=publish,
            publish_pay=publish_pay,
            as_of=as_of,
            vars=vars,
            accept=accept or [],
            by=by,
            full_refresh=full_refresh,
            threads=threads,
        )
        result.describe = lambda: build_keys(arguments)
        arguments.run()
    with _exit_codes(f"{folders} hold the new version."):
        if json:
            result.done()
        else:
            print_summary(arguments.outcome)


@app.command()
def check(
    input: InputFolder = SAMPLE_INPUT,
    rules: RulesFolder = None,
    warehouse: Annotated[
        Path, typer.Option(help="The database file that a build would write; it is only read.")
    ] = DEFAULT_WAREHOUSE,
    publish: Annotated[Path, typer.Option(help="The folder into which a build would publish; it is only read.")] = Path(
        "published"
    ),
    publish_pay: Annotated[
        Path | None,
        typer.Option(
            help="The folder into which a build would publish pay; it is only read. Default: the name of the published "
            "folder with _pay at its end."
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="The moment up to which a build would know the input, ISO 8601, UTC. Default: now."),
    ] = None,
    vars: Vars = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON; docs/json.md describes its keys.")] = False,
) -> None:
    """Check the input, the rules and the vars as a build does, in seconds and without building anything.

    The exit code is 2 if a build would refuse them. The table shows the rows of each input table and the age of the
    newest one.
    """
    with _exit_codes(where=input, json_of="check" if json else None) as result:
        from customer_outcomes.build import Build
        from customer_outcomes.check import Check
        from customer_outcomes.report.check_tables import print_check
        from customer_outcomes.report.json_result import check_keys

        checking = Check(Build(input, warehouse, publish, publish_pay=publish_pay, rules=rules, as_of=as_of, vars=vars))
        result.describe = lambda: check_keys(checking)
        checking.run()
        if not json:
            console = Console(highlight=False, emoji=False)
            console.width = console.width if console.is_terminal else max(console.width, NARROWEST)
            print_check(console, checking)
        checking.raise_if_faulty()
        if json:
            result.done()


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
def dbt(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="A command of dbt and its options.")
    ] = None,
    warehouse: BuiltWarehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Run a command of dbt on a warehouse, with the as_of, the vars and the rules of its last build.

    It works in every folder. All options but --warehouse go to dbt, as in:

    outcomes dbt test --select customer_lifetime

    outcomes dbt show --inline "select * from {{ ref('ppp_summary') }}"

    outcomes dbt docs generate --static

    Nothing is published. The files of dbt are in the folder warehouse.work/dbt beside the warehouse.

    Exit codes, those of dbt: 0 done; 1 a model or a test failed; 2 dbt cannot run, the warehouse was never built, or
    its vars or rules have changed since.
    """
    if not arguments or arguments == ["--help"]:
        typer.echo(context.get_help())
        return
    with _exit_codes(where=warehouse):
        from customer_outcomes.dbt_command import run_dbt_command

        run_dbt_command(warehouse, arguments)


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="The folder to write; it must be empty or not exist.")],
    accounts: Annotated[int, typer.Option(min=10, help="The number of accounts.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="The seed; equal seeds write equal companies.")] = 1,
    format: Annotated[FileFormat, typer.Option(help="The files' format.")] = FileFormat.CSV,
    transactions: Annotated[
        int | None, typer.Option(min=0, help="The number of transactions. Default: 15 per account.")
    ] = None,
) -> None:
    """Write a sample company in the input contract's shape."""
    from customer_outcomes.report.summary import progress_bar
    from sample_company import write_sample

    with _exit_codes(f"{directory} may hold part of a sample.", directory), raised_as(UnusableInput, directory):
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise UnusableInput(f"{directory} is not an empty folder.")
        try:
            with progress_bar() as bar:
                task = bar.add_task("writing", total=None)
                rows = write_sample(
                    directory,
                    accounts=accounts,
                    seed=seed,
                    file_format=format.value,
                    transactions=transactions,
                    progress=lambda done, total: bar.update(task, completed=done, total=total),
                )
        except ValueError as error:
            raise UnusableInput(f"The sample cannot be made: {error}.") from None
    typer.echo(f"{directory}: {sum(rows.values())} rows in {len(rows)} tables.")


@app.command()
def contract(
    table: Annotated[
        str | None, typer.Argument(help="The input table whose columns are shown, such as crm.transactions.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the YAML of the models that follow from the contract.")
    ] = False,
) -> None:
    """Show the input tables, or the columns of one, as the input contract has them."""
    from customer_outcomes.contract import load_contract, write_models
    from customer_outcomes.report.contract_tables import print_columns, print_tables

    with _exit_codes(where="the input contract"):
        tables = load_contract()
        if table is not None and table not in tables:
            raise UnusableInput(f"{table} is not an input table; the tables are {', '.join(tables)}.")
        if write:
            changed = write_models()
            typer.echo("\n".join(f"{path} is written." for path in changed) or "The YAML of the models is up to date.")
        elif table is None:
            print_tables(Console(highlight=False, emoji=False), tables)
        else:
            print_columns(Console(highlight=False, emoji=False), tables[table])


@app.command()
def trace(
    period: Annotated[str, typer.Argument(help="The month, as 2026-03 or 2026-03-01.")],
    user: Annotated[str, typer.Argument(help="The payee's user_id.")],
    metric: Annotated[str | None, typer.Argument(help="The metric whose rows are shown, too.")] = None,
    warehouse: BuiltWarehouse = DEFAULT_WAREHOUSE,
    json: Annotated[bool, typer.Option("--json", help="Write JSON; docs/trace.md describes its keys.")] = False,
) -> None:
    """Show the customers and rows behind a payout; the exit code is 1 if a sum does not add up."""
    from json import dumps

    from customer_outcomes.finance.trace import print_trace
    from customer_outcomes.finance.trace import trace as follow
    from customer_outcomes.report.plain_values import plain

    with _exit_codes(where=warehouse):
        with raised_as(UnusableInput, f"{warehouse} cannot be read"):
            found = follow(warehouse, period, user, metric)
        if json:
            typer.echo(dumps(plain(found), indent=2, ensure_ascii=False))
        else:
            console = Console(highlight=False, emoji=False)
            # A pipe has no width, and rich would assume 80 characters.
            console.width = console.width if console.is_terminal else max(console.width, NARROWEST)
            print_trace(found, console)
        unequal = sum(not check["is_equal"] for check in found["checks"])
        if unequal:
            raise FailedCheck(f"Sums of {period} of {user} that do not add up: {unequal}; the trace names them.")


@contextlib.contextmanager
def _exit_codes(
    results_note: str | None = None, where: object = "outcomes", json_of: str | None = None
) -> Iterator[JsonResult]:
    """Turn an error into sentences on standard error and exit code 2 or 1, so that no traceback reaches a person.

    `results_note` says which results a failure leaves untouched, until a step says otherwise by set_stop_note; `where`
    names the file or folder that is worked on. `json_of` is the name of a command that writes JSON also if it fails;
    yield what writes it.
    """
    if results_note:
        set_stop_note(results_note)
    result = JsonResult(json_of or "")
    if json_of:
        result.write_at_stop()
    try:
        yield result
    except typer.Exit:
        raise
    except BrokenPipeError:  # the program that reads the output has stopped reading
        raise typer.Exit(1) from None
    except Exception as trouble:
        sentences = sentences_of(trouble, where, results_note and stop_note())
        with contextlib.suppress(OSError):  # without an output, the exit code still reports the failure
            for said in sentences:
                errors.print(said, markup=False)
        with contextlib.suppress(OSError):
            if json_of:
                result.failed(trouble, sentences)
        raise typer.Exit(exit_code(trouble)) from None


def run() -> None:
    """Run the command, then close standard error, because DuckDB's bindings print leak warnings while Python ends."""
    try:
        app()
    except Exception as trouble:
        errors.print(sentence(trouble, "outcomes"), markup=False)
        sys.exit(1)
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


if __name__ == "__main__":
    run()
