"""Exports in the layout of the previous system: data, control files, months and the register.

Data files come before control files, which confirm that the data files are complete.
"""

from lakehouse.platform.serving.exports import Export

_FILE = r"regexp_replace(_file, '^.*/|\.csv(\.gz)?$', '', 'g') AS file"
_FIRST_OF_MONTH = "day(day) = 1"
"""Reference dates that the previous system had; a folder holds one of each month."""
_SECOND = r"regexp_matches(_file, '(^|/)tb_fatura_[^/]*$')"


def _data(name: str, dataset: str, columns: str, which: str = "true") -> Export:
    """Return an export of the current data files of a dataset, value for value."""
    return Export(
        name=name,
        path=f"0001_raw/{dataset}/dados/{{file}}.csv",
        sql=(
            f"SELECT {_FILE}, {columns} FROM bronze.cards_{dataset}"  # noqa: S608  of the code
            f" WHERE NOT _superseded AND {which} ORDER BY _file, _line"
        ),
    )


def _control(dataset: str) -> Export:
    """Return an export of a control file for each data file of a dataset."""
    return Export(
        name=f"{dataset}_controle",
        path=f"0001_raw/{dataset}/controle/{{file}}.ctl",
        sql=(
            f"SELECT DISTINCT {_FILE}, '' AS mark FROM bronze.cards_{dataset}"  # noqa: S608  of the code
            " WHERE NOT _superseded"
        ),
    )


def _trusted(name: str, dataset: str, columns: str, key: str) -> Export:
    """Return an export of a silver table with a folder per month."""
    return Export(
        name=name,
        path=f"0002_trusted/{name}/ref={{ref}}/part-0.parquet",
        sql=f"SELECT {columns}, ref FROM silver.cards_{dataset} ORDER BY {key}",  # noqa: S608  of the code
    )


def _stage(mode: str, key: str) -> Export:
    """Return an export of the invoices that a book reads, with the previous system's columns."""
    return Export(
        name=f"stage_fatura{mode}",
        path=f"0003_refined/stage/stage_fatura{mode}/ref={{ref}}/part-0.parquet",
        sql=(
            "SELECT id_cliente, ref, dt_proc, fbc_classif_pagto, fbc_classif_vlr_pagto, dt_emissao,"  # noqa: S608  of the code
            " fvl_vlr_fatura, fvl_vlr_pagto, fvl_vlr_pagto_min, fvl_perc_vlr_fatura,"
            " fvl_numero_dias_atraso, fvl_qtd_transacao"
            f" FROM history.cards_stage_fatura{mode} WHERE {_FIRST_OF_MONTH} ORDER BY {key}"
        ),
    )


def _book(mode: str) -> Export:
    """Return an export of a book with its variables as VAR_n."""
    return Export(
        name=f"book_fatura{mode}",
        path=f"0003_refined/book_fatura{mode}/ref={{ref}}/dt_proc={{dt_proc}}/part-0.parquet",
        sql=(
            r"SELECT id_cliente, ref, dt_proc, COLUMNS('var_(\d+)') AS 'VAR_\1'"  # noqa: S608  of the code
            f" FROM history.cards_book_fatura{mode} WHERE {_FIRST_OF_MONTH} ORDER BY id_cliente"
        ),
    )


EXPORTS = (
    _data(
        "tb_faturas_dados",
        "tb_faturas",
        "id_fatura, id_cliente, data_emissao, data_vencimento, valor_fatura,"
        " valor_pagamento_minimo",
        f"NOT {_SECOND}",
    ),
    _data(
        "tb_fatura_dados",
        "tb_faturas",
        "id_cliente, id_fatura, data_emissao AS dt_emissao_fatura,"
        " data_vencimento AS dt_vencimento_fatura, valor_fatura",
        _SECOND,
    ),
    _data(
        "tb_pagamentos_dados",
        "tb_pagamentos",
        "id_pagamento, id_fatura, id_cliente, data_pagamento, valor_pagamento",
    ),
    _control("tb_faturas"),
    _control("tb_pagamentos"),
    _trusted(
        "tb_0001_fatura",
        "tb_faturas",
        "id_fatura, id_cliente, dt_proc, dt_emissao, dt_vencimento, vlr_fatura, vlr_pagto_min",
        "id_cliente, id_fatura",
    ),
    _trusted(
        "tb_0002_pagamentos",
        "tb_pagamentos",
        "id_pagamento, id_fatura, id_cliente, dt_proc, dt_pagamento, vlr_pagamento",
        "id_cliente, id_pagamento",
    ),
    Export(
        name="ctl_processed_filenames",
        path="0000_control/ctl_processed_filenames/trusted/{control}/part-0.parquet",
        sql=(
            "SELECT tb_name || '_' || dt_proc AS control, tb_name, dt_proc, qtd_registros"
            " FROM ops.cards_ctl_processed_filenames ORDER BY day, file, digest"
        ),
    ),
    _stage("", "id_cliente, id_fatura"),
    _stage("_seed_compatible", "id_cliente, id_fatura, id_pagamento"),
    _book(""),
    _book("_seed_compatible"),
)
