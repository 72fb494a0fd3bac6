"""Read delivered CSV files: each file becomes rows and unparsable lines, or is rejected.

No physical line is lost. For every file that is read,

    physical lines = header lines + rows + continuation lines + unparsable lines

where a continuation line is a further line of a row whose quoted value contains line breaks. Lines
that hold no record (titles above the header, a repeated header, totals, blank lines) are unparsable
lines too, with a reason of their own. `CsvFile.balance` is the difference
and always 0. A file that cannot be read raises `FileRejected`.

Lines end in LF or CR LF, also mixed (any CRs before an LF belong to the line end). A lone CR is
part of its value, unless the file has no LF at all: then CR is the line end.

- ``reader``: `read_csv`, the function that others call.
- ``csv_file``: `CsvFile`, its result.
- ``errors``: reasons of files and lines, `FileRejected`, `UnparsableLine`.
- ``decode``: gzip, other file types, encodings.
- ``header_search``: find the header below titles and a ``sep=`` line.
- ``header``: find the format's columns in one line.
- ``header_repair``: a header with other delimiters than all rows.
- ``roles``: repeated headers, other tables and rows of totals among the records.
- ``quoting``: split a record with the quotes of the file.
- ``records`` and ``recovery``: read record by record, also with bad quotes.
- ``columns``: read plain files by column, many times faster.
- ``decimal_marks``: decimal points where the format has commas.
- ``rows``: from values to Arrow.

The format of a source is declared in ``platform.tables.csv_format``. What a value means (numbers,
dates, keys) does not belong here.
"""
