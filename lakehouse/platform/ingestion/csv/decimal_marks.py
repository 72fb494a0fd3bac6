"""Numbers with a decimal point in a file whose format has a decimal comma.

A program that prepares a file for a database writes decimal points. The file is read when its
numbers show it beyond doubt; then they are written as the format has them.
"""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.platform.ingestion.csv.csv_file import CsvFile
from lakehouse.platform.tables.csv_format import CsvFormat

_WITH_POINT = r"^\s*-?[0-9]+\.[0-9]+\s*$"
_THREE_PLACES = r"^\s*-?[0-9]{1,3}\.[0-9]{3}\s*$"
"""Such a number may also be a whole one with a point between its thousands."""


def with_decimal_commas(file: CsvFile, wanted: CsvFormat) -> CsvFile:
    """Return a file with decimal commas where it has decimal points in all of its numbers.

    That is decided by all numbers of the file: none has a comma, and more numbers than not have
    one, two or more than three places. Otherwise a point may stand between thousands, and the file
    is returned as it is.
    """
    columns = [name for name in wanted.decimal_comma if name in file.rows.column_names]
    if not columns or not file.rows.num_rows:
        return file
    points = doubtful = 0
    for name in columns:
        column = file.rows[name]
        if pc.any(pc.match_substring(column, ",")).as_py():
            return file
        points += pc.sum(pc.match_substring_regex(column, _WITH_POINT)).as_py() or 0
        doubtful += pc.sum(pc.match_substring_regex(column, _THREE_PLACES)).as_py() or 0
    if points - doubtful <= doubtful:
        return file
    rows = file.rows
    for name in columns:
        place = rows.column_names.index(name)
        is_number = pc.fill_null(pc.match_substring_regex(rows[name], _WITH_POINT), False)
        written = pc.replace_substring(rows[name], ".", ",")
        values = pc.if_else(is_number, written, rows[name]).cast(pa.string())
        rows = rows.set_column(place, rows.schema.field(place), values)
    drift = "numbers have a decimal point, expected a decimal comma: " + ", ".join(columns)
    return replace(file, rows=rows, drift=(*file.drift, drift))
