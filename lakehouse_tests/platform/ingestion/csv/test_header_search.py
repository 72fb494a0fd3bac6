"""The header is found below titles, and lines without a record are left out with its reason."""

import pytest

from lakehouse.platform.ingestion.csv import reader
from lakehouse.platform.ingestion.csv.errors import FileReason, LineReason
from lakehouse.platform.tables.csv_format import CsvFormat
from lakehouse_tests.platform.ingestion.csv.reading import TWO, bad, read, rejected, rows

WIDE = CsvFormat(columns=("Id", "Cidade", "Valor", "Nota"))


@pytest.mark.parametrize(
    ("above", "reasons"),
    [
        ("sep=;\r\n", ["separator_line"]),
        ('"sep=;"\r\n', ["separator_line"]),
        ("Vendas de janeiro\n\n", ["preamble", "blank_line"]),
        ("Vendas;;;\nGerado em 05/01/2026;;;\n;;;\n", ["preamble"] * 3),
        ("\n\nsep=;\nVendas\n", ["blank_line", "blank_line", "separator_line", "preamble"]),
        ('"Vendas\nde janeiro"\n', ["preamble", "preamble"]),
        ("1;Rio;2;x\n", ["row_before_header"]),
    ],
)
def test_lines_above_the_header_are_left_out_with_their_reason(above, reasons):
    text = f"{above}Id;Cidade;Valor;Nota\n1;Rio;2,50;x\n"
    file = read(text, WIDE)
    assert rows(text, WIDE) == [("1", "Rio", "2,50", "x")]
    assert [line.reason for line in file.unparsable] == reasons
    assert file.rows["_line"].to_pylist() == [len(reasons) + 2]
    assert file.header_line == len(reasons) + 1


@pytest.mark.parametrize("delimiter", ["\t", "|", ";", ","])
def test_the_delimiter_is_the_one_that_finds_the_columns(delimiter):
    text = "Id,Cidade\n1,Rio\n".replace(",", delimiter)
    assert rows(text) == [("1", "Rio")]
    assert read(text).delimiter == delimiter


def test_the_separator_line_may_name_any_delimiter():
    assert rows("sep=^\nId^Cidade\n1^Rio\n") == [("1", "Rio")]


@pytest.mark.parametrize("header", ["Id ; Cidade", "Id; Cidade", "Id ;Cidade"])
def test_blanks_around_the_delimiter_do_not_belong_to_values(header):
    text = f'{header}\n1 ; Rio\n2; "São; Luís"\n3 ; "a ""b"" " \n4 ; "a" b\n'
    assert rows(text) == [("1", "Rio"), ("2", "São; Luís"), ("3", 'a "b" ')]
    assert bad(text) == [(5, '4 ; "a" b', LineReason.BAD_QUOTING)]


def test_single_quotes_in_the_header_are_the_quotes_of_the_file():
    text = "'Id','Cidade'\n'1','São, \"Luís\"'\n2,'d''água'\n"
    assert rows(text) == [("1", 'São, "Luís"'), ("2", "d'água")]


def test_quotes_escaped_by_a_backslash_are_read_if_the_whole_file_escapes_them():
    text = 'Id,Cidade\n1,"a \\"b\\" c"\n2,"5\\""\n'
    assert rows(text) == [("1", 'a "b" c'), ("2", '5"')]
    mixed = text + '3,"C:\\new"\n'
    assert [line for line, _, _ in bad(mixed)] == [2, 3]
    assert rows(mixed) == [("3", "C:\\new")]


def test_a_name_of_the_header_may_contain_a_line_break():
    file = read('Id,"Cidade"\n1,a\n')
    assert file.header_lines == 1
    wanted = CsvFormat(columns=("Id", "Valor Total"))
    file = read('Titulo\nId,"Valor\nTotal"\n1,a\n', wanted)
    assert (file.header_lines, file.header_line, file.rows["_line"].to_pylist()) == (2, 2, [4])


def test_unbalanced_quotes_in_the_header_are_left_out_if_all_columns_are_there():
    assert rows('"Id,Cidade\n1,a\n') == [("1", "a")]
    assert "quotes" in read('Id,"Cidade\n1,a\n').drift[0]


def test_two_names_without_a_delimiter_between_them_are_recognized():
    assert rows("IdCidade;Valor;Nota\n1;Rio;2;x\n1Rio;2;x\n", WIDE) == [("1", "Rio", "2", "x")]
    assert "delimiter is missing" in read("IdCidade;Valor;Nota\n", WIDE).drift[0]


@pytest.mark.parametrize("again", ["Id,Cidade", "ID,CIDADE", '"Id","Cidade"', "id,Cidade,"])
def test_a_repeated_header_is_left_out(again):
    text = f"Id,Cidade\n1,a\n{again}\n2,b\n"
    assert rows(text) == [("1", "a"), ("2", "b")]
    assert bad(text) == [(3, again, LineReason.REPEATED_HEADER)]


def test_rows_of_another_table_are_not_taken_for_rows_of_this_one():
    text = "Id,Cidade\n1,a\nCidade,Id\nb,2\n\nId,Cidade\n3,c\n"
    assert rows(text) == [("1", "a"), ("3", "c")]
    assert [reason for _, _, reason in bad(text)] == [
        LineReason.OTHER_TABLE,
        LineReason.OTHER_TABLE,
        LineReason.BLANK_LINE,
        LineReason.REPEATED_HEADER,
    ]
    wider = "Id,Cidade\n1,a\nId,Cidade,Nota\n2,b,x\n3,c\n"
    assert rows(wider) == [("1", "a")]


@pytest.mark.parametrize("gap", ["\n", "Clientes\n", "\nClientes\n\n"])
def test_a_table_of_other_columns_after_a_gap_is_not_read(gap):
    text = f"Id,Cidade\n1,a\n{gap}Nome,Estado\nAna,RS\nEva,SC\nId,Cidade\n2,b\n"
    assert rows(text) == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize("row", ["TOTAL;;5,00;", ";;;\n;Total:;5,00;", "Subtotal;;;1"])
def test_a_row_of_totals_is_a_footer(row):
    text = f"Id;Cidade;Valor;Nota\n1;Rio;2,50;x\n{row}\n2;Rio;2,50;x\n"
    assert [values[0] for values in rows(text, WIDE) if values[0]] == ["1", "2"]
    assert bad(text, WIDE)[-1][2] is LineReason.FOOTER


def test_a_complete_row_that_starts_with_total_is_a_row():
    assert rows("Id;Cidade\nTotal;Rio\n") == [("Total", "Rio")]


def test_text_after_the_last_row_is_a_footer():
    text = "Id;Cidade\n1;Rio\n\nGerado em 05/01/2026\n"
    assert [reason for _, _, reason in bad(text)] == [LineReason.BLANK_LINE, LineReason.FOOTER]
    assert "left out: 1 footer" in " ".join(read(text).drift)


@pytest.mark.parametrize("row", ["2,Natal,3,y", "2\tNatal\t3\ty", "2|Natal|3|y|"])
def test_a_last_row_with_another_delimiter_is_no_footer(row):
    text = f"Id;Cidade;Valor;Nota\n1;Rio;2,50;x\n{row}\n"
    assert [reason for _, _, reason in bad(text, WIDE)] == [LineReason.COLUMN_COUNT]


def test_a_file_that_begins_with_very_many_blank_lines_is_rejected_with_that_reason():
    error = rejected("\n" * 150 + "Id;Cidade\n1;Rio\n")
    assert error.detail.startswith("the first 100 lines are blank; hint: delete")


def test_a_file_without_header_is_read_by_position_only_if_its_format_says_so():
    bare = CsvFormat(columns=TWO.columns, header=False)
    assert rows("1;Rio\n2;Natal\n", bare) == [("1", "Rio"), ("2", "Natal")]
    assert read("1;Rio\n", bare).header_lines == 0
    assert rows("Id;Cidade\n1;Rio\n", bare) == [("1", "Rio")]
    assert rows("1;Rio;x\n", bare) == []
    assert rejected("1;Rio\n").reason is FileReason.SCHEMA


def test_a_wrong_delimiter_is_named():
    wanted = CsvFormat(columns=TWO.columns, delimiters=";")
    assert "delimited by ',', expected ';'; hint" in str(rejected("Id,Cidade\n1,a\n", wanted))
    assert "delimited by ':'" in str(rejected("Id:Cidade\n1:a\n"))


def test_the_error_of_a_missing_header_names_the_line_that_comes_closest():
    rejection = rejected("Vendas\n\nId;Cidadde;Valor\n1;a;2\n")
    assert (rejection.line, rejection.column) == (3, "Cidade")


@pytest.mark.parametrize(
    "text",
    [
        "Vendas\n\nId,Cidade\n" + "1,a\n" * 50,
        "Id,Cidade\n" + "1,a\n" * 50 + "Id,Cidade\n2,b\n",
        "Id,Cidade\n" + "1,a\n" * 50 + "Total,\n",
        "Id,Cidade\n" + "1,a\n" * 50 + "fim do arquivo\n",
        "Id,Cidade\n" + "1,a\n" * 50 + "Id,Cidade,x\n2,b,c\n",
        "Id,Cidade\n" + "1,a\n" * 50 + "'2',b\n3,d'água\n",
        "Id,Cidade\n" + "1,a\n" * 50 + '2,"b\\"c"\n',
        "Id,Cidade\n" + "1,a\n" * 50 + "\ufeff2,b\n",
        "sep=;\nId;Cidade\n" + "1;a\n" * 50,
    ],
)
def test_large_files_are_read_like_small_ones(text, monkeypatch):
    small = read(text)
    monkeypatch.setattr(reader, "COLUMN_READER_BYTES", 0)
    assert read(text) == small
