"""A sample company of any size, in the shape of the input contract, for demonstrations and load tests.

The company sells software from 2025-01-01 to 2026-06-30, so a build as of 2026-07-01 knows everything. Its reporting
currency is the euro. Every row is sound and accepted. Its story, for which ten accounts are too few:

- Viktor Lang (user_05), the best seller by quota, has the unhappiest customers, and keeps the fewest of them.
- The spring discount has the highest return by revenue, and the lowest if the satisfaction of its customers counts.
- Happy customers without a verified outcome leave, and unhappy customers with verified outcomes stay.

Around the story: answers to tickets come faster every month, success managers drop customers that onboarding hands on
to them, experiments on the web site stop paying past a lift of 6 %, and a seller and a supporter are too new for a
rating that could be paid on.

Each batch of accounts has its own random generator, seeded by the batch, so the same arguments write the same bytes.
"""

import shutil
from pathlib import Path

import numpy as np

from customer_outcomes.contract import load_contract
from customer_outcomes.intake.folder import RULES
from customer_outcomes.progress import Progress
from customer_outcomes.project import SAMPLE_INPUT

from .activity import activity_tables
from .company import company_tables
from .crm import crm_tables
from .lives import draw_accounts, leads_by_month
from .tables import PART, TableFile, Tables

ACCOUNTS = 400
TRANSACTIONS_PER_ACCOUNT = 15
ACCOUNTS_PER_BATCH = 5_000
TRANSACTIONS_PER_BATCH = 100_000
MINIMUM_ACCOUNTS = 10


def write_sample(
    directory: Path,
    accounts: int = ACCOUNTS,
    seed: int = 1,
    file_format: str = "csv",
    transactions: int | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write a company with `accounts` accounts and `transactions` transactions (by default 15 per account).

    The rules of pay are written too; they are the same at any size. The files of an earlier sample are removed, and no
    others.
    Return the number of rows written per table. Raise ValueError if there are too few accounts or transactions, or
    `file_format` is neither csv nor parquet.
    """
    wanted = accounts * TRANSACTIONS_PER_ACCOUNT if transactions is None else transactions
    if accounts < MINIMUM_ACCOUNTS:
        raise ValueError(f"a sample needs at least {MINIMUM_ACCOUNTS} accounts")
    if wanted < accounts:
        raise ValueError("a sample needs at least as many transactions as accounts")
    if file_format not in ("csv", "parquet"):
        raise ValueError(f"file_format is csv or parquet, not {file_format}")

    directory = Path(directory)
    for table in load_contract():
        _remove(directory.joinpath(*table.split(".")))
    files = {table: TableFile(directory, table, file_format) for table in load_contract()}
    written = dict.fromkeys(files, 0)

    def write(tables: Tables) -> None:
        for table, batch in tables.items():
            files[table].write(batch)
            written[table] += batch.num_rows

    lives = draw_accounts(accounts, seed, wanted)
    write(company_tables(leads_by_month(lives), seed))
    size = max(1, min(ACCOUNTS_PER_BATCH, TRANSACTIONS_PER_BATCH * accounts // wanted))
    for start in range(0, accounts, size):
        batch = lives[start : start + size]
        write(crm_tables(batch, np.random.default_rng([seed, 2, start])))
        write(activity_tables(batch, np.random.default_rng([seed, 3, start])))
        if progress:
            progress(start + len(batch), accounts)
    for file in files.values():
        file.close()
    if directory.resolve() != SAMPLE_INPUT.resolve():
        shutil.copytree(SAMPLE_INPUT / RULES, directory / RULES, dirs_exist_ok=True)
    return written


def _remove(table: Path) -> None:
    """Remove the files of an earlier sample's table, so that none of them counts twice in the other format."""
    table.with_suffix(".csv").unlink(missing_ok=True)
    (table / PART).unlink(missing_ok=True)
    if table.is_dir() and not any(table.iterdir()):
        table.rmdir()
