"""Tables in the shape of the input contract, and the CSV or Parquet files into which they are written."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from pyarrow import parquet

from customer_outcomes.contract import DELIVERY_COLUMNS, column_types, load_contract

PART = "part-00000.parquet"  # the file of a table in its folder
Array = npt.NDArray[Any]
Tables = dict[str, pa.Table]  # tables by their names '<domain>.<table>'

PLACES = {"quantity": 0, "score": 0, "scale_min": 0, "scale_max": 0, "rate": 4}  # of other decimals: 2
ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def arrow_types(table: str) -> dict[str, pa.DataType]:
    """Return the Arrow type of each column of a table: those of the contract, then those of the delivery."""
    types = column_types(table)
    names = [*load_contract()[table]["columns"], *DELIVERY_COLUMNS]
    return {name: ARROW_TYPES.get(types[name], pa.decimal128(18, PLACES.get(name, 2))) for name in names}


def build(table: str, keep: Array | None = None, **columns: Any) -> pa.Table:
    """Return a table, of whose rows those with `keep` stay.

    A column is an array or a scalar for all rows; columns that are not given are null. Raise ValueError if a column
    does not belong to the table.
    """
    types = arrow_types(table)
    if unknown := columns.keys() - types:
        raise ValueError(f"{table} has no column {sorted(unknown)}")
    rows = next(len(values) for values in columns.values() if isinstance(values, (np.ndarray, pa.Array)))
    built = pa.table({name: _array(columns.get(name), kind, rows) for name, kind in types.items()})
    return _with_delivery(built if keep is None else built.filter(pa.array(keep)))


def literal(table: str, names: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    """Return a table from rows of values for the columns of these names."""
    columns = zip(*rows, strict=True)
    texts = [pa.array([None if value is None else str(value) for value in column], pa.string()) for column in columns]
    return build(table, **dict(zip(names.split(), texts, strict=True)))


def keys(prefix: str, *numbers: Array | int) -> pa.Array:
    """Return keys such as acct_0006 or touch_0006_3; a key is null if one of its numbers is negative."""
    whole = np.broadcast_arrays(*numbers)
    texts = [pa.array(number).cast(pa.string()) for number in whole]
    joined = pc.binary_join_element_wise(prefix, pc.utf8_lpad(texts[0], 4, "0"), *texts[1:], "_")
    return only(joined, np.minimum.reduce(whole) >= 0)


def choose(values: list[str], index: Array) -> pa.Array:
    """Return the value at each index; null for a negative index."""
    return pa.array(values).take(pa.array(index, mask=index < 0))


def only(values: pa.Array, condition: Array) -> pa.Array:
    """Return the values for which the condition is true; the others become null."""
    return pc.if_else(pa.array(condition), values, None)


def _array(values: Any, kind: pa.DataType, rows: int) -> pa.Array:
    """Return the values of a column, or a scalar repeated, as an Arrow array of the column's type."""
    if values is None or isinstance(values, (str, bool, int)):
        return pa.repeat(pa.scalar(values), rows).cast(kind)
    if isinstance(values, np.ndarray):
        # Arrow rounds floats to the places of a decimal, but refuses to convert wide integers to one.
        values = pa.array(values.astype(float) if pa.types.is_decimal(kind) else values, from_pandas=True)
    return values.cast(kind)


def _with_delivery(built: pa.Table) -> pa.Table:
    """Set _loaded_at of each row to 03:00 of the day after the latest moment in the row; a due date is only a plan."""
    moments = [
        built[name].cast(pa.date32()).cast(pa.int32())
        for name, kind in zip(built.column_names, built.schema.types, strict=True)
        if pa.types.is_temporal(kind) and name not in ("_loaded_at", "updated_at", "due_at")
    ]
    if not moments:
        return built
    night = pc.add(pc.multiply(pc.max_element_wise(*moments).cast(pa.int64()), 86400), 97200)
    position = built.column_names.index("_loaded_at")
    return built.set_column(position, "_loaded_at", night.cast(pa.timestamp("s")).cast(pa.timestamp("us")))


class TableFile:
    """The CSV file of one table, or its Parquet file in a folder, to which rows are appended."""

    def __init__(self, directory: Path, table: str, file_format: str) -> None:
        path = directory.joinpath(*table.split("."))
        (path if file_format == "parquet" else path.parent).mkdir(parents=True, exist_ok=True)
        self.is_csv, types = file_format == "csv", arrow_types(table)
        if self.is_csv:
            options = arrow_csv.WriteOptions(quoting_style="none", quoting_header="none")
            spelled = {name: pa.string() if pa.types.is_timestamp(kind) else kind for name, kind in types.items()}
            self.writer = arrow_csv.CSVWriter(path.with_suffix(".csv"), pa.schema(spelled), write_options=options)
        else:
            coded = [name for name in types if not name.endswith("_id")]
            path, schema = path / PART, pa.schema(types)
            self.writer = parquet.ParquetWriter(path, schema, compression="zstd", use_dictionary=coded)

    def write(self, batch: pa.Table) -> None:
        if self.is_csv:
            batch = pa.table({name: _spelled(batch[name]) for name in batch.column_names})
        self.writer.write_table(batch)

    def close(self) -> None:
        self.writer.close()


def _spelled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return timestamps as ISO 8601 text with Z; Arrow writes the other types in the contract's form."""
    if pa.types.is_timestamp(column.type):
        spaced = column.cast(pa.timestamp("s")).cast(pa.string())
        return pc.binary_join_element_wise(pc.utf8_replace_slice(spaced, 10, 11, "T"), "Z", "")
    return column
