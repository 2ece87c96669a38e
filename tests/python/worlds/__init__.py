"""Random, adversarial companies in the shape of the input contract, for tests of the whole build.

A world passes through four steps, each deterministic for its seed:

1. `company` makes clean records, as Python values, that refer to each other; `money`, `support`, `outcomes` and `credit`
   add the parts that are hard on their subjects; `oddities` merges records, moves users to other teams, and loses
   references; `kinds` takes from a shop what a help desk, or a company that asks nobody, has not;
2. `delivery` makes the versions of a record that arrive: edits, copies, ties, deletions, futures;
3. it writes each value in one of the forms that the contract allows, and breaks some;
4. `files` writes the files, `<domain>/<table>.csv`, `.csv.gz`, `.csv.zst` or `.parquet`, such as crm/accounts.csv.

Nothing plans who refers to a broken record: records break at random, and the references that were sound before (a deal
of an account, its splits, its tickets) become the cascades under test. CSV and Parquet of one seed hold the same rows,
but for the lines that only CSV can break, and the numbers that only a key in Parquet can be. With `faults=False` no row
is quarantined or future, and none deleted unless it is merged: each is accepted, superseded, or excluded, as one of an
internal or test account or of a guest. In it, too, some optional references lead nowhere.

`pay_rules` and `late_facts` add rules of pay and later deliveries to a world on disk, `bounds` writes a company at the
bounds of the contract, `extremes` one with the extremes of each column's type, and `integrity` makes honest companies
for the signs of gamed ratings.
"""
