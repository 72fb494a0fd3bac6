"""Catalogue: every table with its meaning, its published rows and its columns.

The descriptions are those of the contracts, which are in English.
"""

from collections.abc import Mapping

from lakehouse.dashboard import sample
from lakehouse.dashboard.declare import Column, Embedded, FilterName, Page, Query, Table, Totals
from lakehouse.dashboard.words import DOMAINS, MISSING, Words

OPERATION = Words("Operação", "Operations")
IN_ENGLISH = Words("descrições dos contratos, em inglês", "descriptions of the contracts")
QUALITY = {
    "pass": Words("em ordem", "in order"),
    "warn": Words("com avisos", "with warnings"),
    "fail": Words("com falhas", "with failures"),
    "none": Words(MISSING, MISSING),
}
QUALITY_BADGES = {"pass": "green", "warn": "orange", "fail": "red"}
PERSONAL = {
    "identifier": Words("identifica", "identifies"),
    "name": Words("nome", "name"),
    "email": Words("e-mail", "e-mail"),
    "phone": Words("telefone", "phone"),
    "address": Words("endereço", "address"),
    "contact": Words("contato", "contact"),
    "demographics": Words("demografia", "demographics"),
    "occupation": Words("profissão", "occupation"),
    "sex": Words("sexo", "sex"),
    "note": Words("texto livre", "free text"),
    "masked": Words("mascarada", "masked"),
}
PERSONAL_BADGES = dict.fromkeys(PERSONAL, "red") | {"masked": "green"}
CHECKED = """checked AS (
  SELECT layer || '.' || table_name AS name, day,
    CASE WHEN bool_or(result = 'fail') THEN 'fail' WHEN bool_or(result = 'warn') THEN 'warn'
      ELSE 'pass' END AS result
  FROM ops.data_quality_log GROUP BY ALL
),
quality AS (SELECT name, arg_max(result, day) AS result FROM checked GROUP BY name)"""
"""Result of the newest day on which a table was checked: the worst of its checks."""
FOUND = """({search} = '' OR contains(lower(name || ' ' || description), lower({search}))
  OR name IN (SELECT "table" FROM catalogue_columns
    WHERE contains(lower(name || ' ' || coalesce(description, '')), lower({search}))))"""
COLUMNS_OF_PAGE: Mapping[FilterName, str] = {"camada": "layer", "dominio": "domain"}

TOTALS = Query(
    sql=f"""
SELECT count(*) AS tabelas, count(*) FILTER (layer = 'gold') AS gold,
  count(*) FILTER (days > 0) AS publicadas, coalesce(sum(row_count), 0) AS linhas,
  (SELECT count(*) FROM catalogue_columns c WHERE c.personal <> 'masked'
    AND c."table" IN (SELECT name FROM catalogue_tables WHERE {{where}})) AS pessoais
FROM catalogue_tables WHERE {{where}} AND {FOUND}
""",  # noqa: S608  declared
    columns=COLUMNS_OF_PAGE,
)
TABLES = Query(
    sql=f"""
WITH {CHECKED}
SELECT t.name, t.layer, t.domain, t.description, t.row_count, t.days, t.published_at,
  coalesce(q.result, 'none') AS quality
FROM (SELECT * FROM catalogue_tables WHERE {{where}} AND {FOUND}) t
LEFT JOIN quality q USING (name)
ORDER BY list_position(['gold', 'silver', 'bronze', 'raw', 'ops'], t.layer), t.domain, t.name
""",  # noqa: S608  declared
    columns=COLUMNS_OF_PAGE,
)
MATCHES = Query(
    sql="""
SELECT c."table" AS tabela, c.name AS coluna, c.type, c.personal, c.description
FROM catalogue_columns c JOIN
  (SELECT name AS "table", layer, domain FROM catalogue_tables) t USING ("table")
WHERE {where} AND {search} <> ''
  AND contains(lower(c.name || ' ' || coalesce(c.description, '')), lower({search}))
ORDER BY list_position(['gold', 'silver', 'bronze', 'raw', 'ops'], layer), tabela, c.place
""",
    columns=COLUMNS_OF_PAGE,
)
STATE = Query(
    sql=f"""
WITH {CHECKED}
SELECT t.row_count, t.days, t.published_at, t.publication, t.version,
  coalesce(q.result, 'none') AS quality
FROM (SELECT * FROM catalogue_tables WHERE {{where}}) t LEFT JOIN quality q USING (name)
""",  # noqa: S608  declared
    columns={"nome": "name"},
)
COLUMNS = Query(
    sql="""
SELECT place, name, type, CASE WHEN is_key THEN 'sim' END AS chave,
  CASE WHEN nullable THEN 'sim' END AS nulo, personal, description
FROM catalogue_columns WHERE {where} ORDER BY place
""",
    columns={"nome": '"table"'},
)
YES = {"sim": Words("sim", "yes")}
NAME = Column(
    name="name",
    label=Words("Tabela", "Table"),
    link="/tabela?nome={name}",
    width=270,
    wraps=True,
)
TYPE = Column(name="type", label=Words("Tipo", "Type"), width=130)
ROWS = Column(name="row_count", label=Words("Linhas", "Rows"), kind="count")
DAYS = Column(name="days", label=Words("Dias", "Days"), kind="count")
AT = Column(name="published_at", label=Words("Publicada em", "Published at"), kind="moment")
STATE_OF_CHECKS = Column(
    name="quality",
    label=Words("Qualidade", "Quality"),
    texts=QUALITY,
    badges=QUALITY_BADGES,
    width=136,
)
KIND_OF_PERSON = Column(
    name="personal",
    label=Words("Pessoal", "Personal"),
    texts=PERSONAL,
    badges=PERSONAL_BADGES,
    width=120,
)
MEANING = Column(name="description", label=Words("Significado", "Meaning"), width=300, wraps=True)

PAGE = Page(
    name="catalogo",
    title=Words("Catálogo", "Catalogue"),
    lead=Words(
        "Todas as tabelas: o que são, de onde vêm e o que está publicado.",
        "All tables: what they are, where they come from and what is published.",
    ),
    filters=("camada", "dominio", "busca"),
    search=Words("Tabela, coluna ou significado", "Table, column or meaning"),
    period="all",
    domain="",
    daily=False,
    group=OPERATION,
    choices={
        "dominio": "SELECT DISTINCT domain AS value, domain AS label FROM catalogue_tables"
        " ORDER BY label"
    },
    views=(
        Totals(
            id="resumo",
            title=Words("Resumo", "Summary"),
            query=TOTALS,
            columns=(
                Column(
                    name="tabelas",
                    label=Words("Tabelas", "Tables"),
                    kind="count",
                    below=Column(name="gold", label=Words("{} gold", "{} gold"), kind="count"),
                ),
                Column(name="publicadas", label=Words("Publicadas", "Published"), kind="count"),
                Column(
                    name="linhas", label=Words("Linhas publicadas", "Published rows"), kind="count"
                ),
                Column(
                    name="pessoais",
                    label=Words("Colunas pessoais", "Personal columns"),
                    kind="count",
                ),
            ),
        ),
        Table(
            id="tabelas",
            title=Words("Tabelas", "Tables"),
            note=IN_ENGLISH,
            query=TABLES,
            page_size=15,
            empty=Words("Nenhuma tabela encontrada.", "No table found."),
            columns=(
                NAME,
                Column(name="domain", label=Words("Sistema", "System"), texts=DOMAINS, width=108),
                MEANING,
                ROWS,
                DAYS,
                AT,
                STATE_OF_CHECKS,
            ),
        ),
        Table(
            id="colunas",
            title=Words("Colunas encontradas", "Columns found"),
            note=IN_ENGLISH,
            query=MATCHES,
            page_size=15,
            empty=Words(
                "A busca também mostra aqui as colunas que combinam.",
                "The search shows matching columns here, too.",
            ),
            columns=(
                Column(
                    name="tabela",
                    label=Words("Tabela", "Table"),
                    link="/tabela?nome={tabela}",
                    width=300,
                ),
                Column(name="coluna", label=Words("Coluna", "Column"), width=200),
                TYPE,
                KIND_OF_PERSON,
                MEANING,
            ),
        ),
    ),
)

ONE = Page(
    name="tabela",
    title=Words("Tabela", "Table"),
    lead=Words(
        "Uma tabela com suas colunas, sua origem e algumas linhas.",
        "One table with its columns, its origin and some rows.",
    ),
    filters=("nome",),
    needs=("nome",),
    back="/catalogo",
    period="all",
    domain="",
    daily=False,
    in_menu=False,
    group=OPERATION,
    views=(
        Totals(
            id="estado",
            title=Words("Estado", "State"),
            query=STATE,
            columns=(
                ROWS,
                DAYS,
                Column(
                    name="published_at",
                    label=AT.label,
                    kind="moment",
                    below=Column(
                        name="publication", label=Words("publicação {}", "publication {}")
                    ),
                ),
                Column(name="quality", label=STATE_OF_CHECKS.label, texts=QUALITY),
            ),
        ),
        Embedded(
            id="sobre",
            title=Words("O que é", "What it is"),
            note=IN_ENGLISH,
            draw=sample.about,
            has_form=False,
        ),
        Table(
            id="colunas",
            title=Words("Colunas", "Columns"),
            note=IN_ENGLISH,
            query=COLUMNS,
            page_size=25,
            columns=(
                Column(name="name", label=Words("Coluna", "Column"), width=220),
                TYPE,
                Column(name="chave", label=Words("Chave", "Key"), texts=YES, width=90),
                Column(
                    name="nulo", label=Words("Pode faltar", "May be null"), texts=YES, width=110
                ),
                KIND_OF_PERSON,
                MEANING,
            ),
        ),
        Embedded(
            id="amostra",
            title=Words("Amostra", "Sample"),
            note=Words(
                f"{sample.ROWS} linhas, as primeiras {sample.COLUMNS} colunas",
                f"{sample.ROWS} rows, the first {sample.COLUMNS} columns",
            ),
            draw=sample.rows,
            has_form=False,
        ),
    ),
)
