"""A sample company of any size, in the shape of the input contract, for demonstrations and load tests.

The company sells software from 2025-01-01 to 2026-06-30, so a build as of 2026-07-01 knows everything. Its reporting
currency is the euro. Happier customers tend to buy more, stay longer and refer others. The campaign with the spring
discount sells well, but its customers are less satisfied. A support robot, a seller who left in November 2025, and Nora
Keller (user_13), who moved from support to success on 2025-04-01, show how the warehouse treats bots, former employees,
and employees who change teams.

Five accounts are the same at any size and seed:

- acct_0001 Granite Harbor Freight spends much and is unhappy: its scores are 1 or 2 of 5, and 2 of 10.
- acct_0002 Quillwood Press spends well, and never answered a survey.
- acct_0003 Bluefern Clinics gave the best scores, reached its outcome, and churned in February 2026.
- acct_0004 Tiny Lantern Studio began with one seat, was cross-sold and up-sold, and is delighted.
- acct_0005 Brasswick Trading bought much, got refunds for most of it, and charged some of it back.

The records whose keys begin with odd_ (oddities.py) cover every case that the contract names. All other records are
sound and accepted.

Each batch of accounts has its own random generator, seeded by the batch, so the same arguments write the same bytes.
"""

import shutil
from pathlib import Path

import numpy as np

from customer_outcomes.intake.folder import RULES
from customer_outcomes.progress import Progress
from customer_outcomes.project import SAMPLE_INPUT

from .activity import activity_tables
from .company import company_tables
from .customers import customer_tables
from .fates import draw_accounts
from .files import CsvFile, ParquetFolder, TableFile, clear
from .oddities import BROKEN_LINES, ODDITIES
from .shapes import COLUMNS, Row, Tables
from .story import STORY_ACCOUNTS, story_tables

TRANSACTIONS_PER_ACCOUNT = 20
ACCOUNTS_PER_BATCH = 5_000
TRANSACTIONS_PER_BATCH = 100_000
MINIMUM_ACCOUNTS = 10


def write_sample(
    directory: Path,
    accounts: int = 60,
    seed: int = 1,
    file_format: str = "csv",
    transactions: int | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write a company with `accounts` accounts and `transactions` transactions (by default 20 per account).

    The rules of pay are written too; they are the same at any size. An earlier sample in the directory is replaced.
    Return the number of rows written per table. The odd_... rows come on top of both numbers, and the broken lines,
    which exist only in CSV, are not counted. Raise ValueError if there are too few accounts or transactions, or
    `file_format` is neither csv nor parquet.
    """
    story = story_tables()
    told = story["crm.transactions"].num_rows
    wanted = accounts * TRANSACTIONS_PER_ACCOUNT if transactions is None else transactions
    if accounts < MINIMUM_ACCOUNTS:
        raise ValueError(f"a sample needs at least {MINIMUM_ACCOUNTS} accounts")
    if wanted < told:
        raise ValueError(f"a sample needs at least {told} transactions, which its five fixed accounts have")
    if file_format not in ("csv", "parquet"):
        raise ValueError(f"file_format is csv or parquet, not {file_format}")

    directory = Path(directory)
    clear(directory)
    output = CsvFile if file_format == "csv" else ParquetFolder
    files: dict[str, TableFile] = {table: output(directory, table) for table in COLUMNS}
    written = dict.fromkeys(COLUMNS, 0)

    def write(tables: Tables) -> None:
        for table, batch in tables.items():
            if batch.num_rows:
                files[table].write(batch)
                written[table] += batch.num_rows

    write(company_tables(accounts, seed))
    write(story)
    regular = np.arange(STORY_ACCOUNTS + 1, accounts + 1)
    fates = draw_accounts(regular, seed, wanted - told)
    size = max(1, min(ACCOUNTS_PER_BATCH, TRANSACTIONS_PER_BATCH * accounts // wanted))
    for start in range(0, len(regular), size):
        batch = fates.slice(start, start + size)
        write(customer_tables(batch, np.random.default_rng([seed, 4, start])))
        write(activity_tables(batch, np.random.default_rng([seed, 5, start])))
        if progress:
            progress(STORY_ACCOUNTS + start + len(batch), accounts)

    for table, rows in _oddities_by_table().items():
        files[table].write_text(rows)
        written[table] += len(rows)
    for table, line in BROKEN_LINES.items():
        files[table].write_broken_line(line)
    for file in files.values():
        file.close()
    if directory.resolve() != SAMPLE_INPUT.resolve():
        shutil.copytree(SAMPLE_INPUT / RULES, directory / RULES, dirs_exist_ok=True)
    return written


def _oddities_by_table() -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for oddity in ODDITIES:
        rows.setdefault(oddity.table, []).append(oddity.row)
    return rows
