"""People: masked persons, duplicates and files. No column with personal data is read."""

from lakehouse.dashboard.declare import (
    OTHERS,
    Chart,
    Column,
    Page,
    Query,
    Series,
    Table,
    Totals,
)
from lakehouse.dashboard.reasons import REASONS
from lakehouse.dashboard.words import Words

TOTALS = Query(
    sql="""
SELECT people AS pessoas, rows AS registros, removed AS removidos, files AS arquivos,
  removed / nullif(rows, 0) AS parte,
  (SELECT count(*) FROM ops.quarantine WHERE domain = 'people') AS quarentena
FROM gold.people_duplicates
"""
)
FILES = Query(
    sql="""
SELECT day, file, delivered_at, rows, kept, removed, removed / nullif(rows, 0) AS parte
FROM gold.people_removed_duplicates WHERE {where} ORDER BY day DESC, file
""",
    columns={"periodo": "day"},
)
FILES_CHART = Query(
    sql="""
SELECT regexp_extract(file, '[^/]+$') || ' · ' || strftime(day, '%d/%m') AS label,
  kept AS mantidos, removed AS removidos
FROM gold.people_removed_duplicates WHERE {where} ORDER BY day, file
""",
    columns={"periodo": "day"},
)
DECADES = Query(
    sql="""
SELECT CAST(birth_year // 10 * 10 AS INTEGER) AS label, count(*) AS pessoas
FROM gold.people_people_masked WHERE {where} GROUP BY label ORDER BY label
""",
    columns={"periodo": "day"},
)
PROVIDERS = Query(
    sql="""
SELECT regexp_extract(email, '@(.+)$', 1) AS label, count(*) AS pessoas
FROM gold.people_people_masked WHERE {where}
GROUP BY label ORDER BY pessoas DESC, label LIMIT 10
""",
    columns={"periodo": "day"},
)
PEOPLE = Query(
    sql="""
SELECT day, person, first_name, last_name, email, phone, birth_year
FROM gold.people_people_masked
WHERE {where} AND ({search} = '' OR contains(lower(person || ' ' || email), lower({search})))
ORDER BY person
""",
    columns={"periodo": "day"},
)
REJECTED = Query(
    sql="""
SELECT reasons[1] AS reason, layer, count(*) AS rows, count(DISTINCT file) AS files,
  max(day) AS last_day
FROM ops.quarantine WHERE domain = 'people' AND {where}
GROUP BY ALL ORDER BY rows DESC, layer, reason
""",
    columns={"periodo": "day"},
)
PERSONS = Series(name="pessoas", label=Words("Pessoas", "People"))

PAGE = Page(
    name="pessoas",
    title=Words("Pessoas", "People"),
    lead=Words(
        "Quem foi recebido, em quais arquivos e quantas vezes. Os dados pessoais são mascarados.",
        "Who was received, in which files and how often. Personal data is masked.",
    ),
    filters=("periodo", "busca"),
    search=Words("Código da pessoa ou domínio do e-mail", "Code of a person or e-mail domain"),
    period="all",
    domain="people",
    daily=False,
    group=OTHERS,
    views=(
        Totals(
            id="resumo",
            title=Words("Resumo", "Summary"),
            note=Words("de todos os dias", "of all days"),
            query=TOTALS,
            columns=(
                Column(name="pessoas", label=Words("Pessoas", "People"), kind="count"),
                Column(name="registros", label=Words("Registros válidos", "Rows"), kind="count"),
                Column(
                    name="removidos",
                    label=Words("Duplicados removidos", "Duplicates removed"),
                    kind="count",
                    below=Column(
                        name="parte", label=Words("{} dos registros", "{} of rows"), kind="percent"
                    ),
                ),
                Column(name="arquivos", label=Words("Arquivos", "Files"), kind="count"),
                Column(
                    name="quarentena",
                    label=Words("Registros em quarentena", "Rejected rows"),
                    kind="count",
                ),
            ),
        ),
        Chart(
            id="duplicados-por-arquivo",
            title=Words("Registros por arquivo", "Rows by file"),
            span=6,
            form="bars",
            kind="count",
            height=440,
            query=FILES_CHART,
            series=(
                Series(name="mantidos", label=Words("Mantidos", "Kept")),
                Series(name="removidos", label=Words("Duplicados", "Duplicates"), color="gray.5"),
            ),
        ),
        Chart(
            id="decadas",
            title=Words("Década de nascimento", "Decade of birth"),
            span=3,
            form="ranking",
            kind="count",
            query=DECADES,
            series=(PERSONS,),
        ),
        Chart(
            id="provedores",
            title=Words("Domínio do e-mail", "E-mail domain"),
            span=3,
            form="ranking",
            kind="count",
            query=PROVIDERS,
            series=(PERSONS,),
        ),
        Table(
            id="pessoas",
            title=Words("Pessoas, mascaradas", "People, masked"),
            query=PEOPLE,
            empty=Words("Nenhuma pessoa encontrada.", "No person found."),
            columns=(
                Column(name="person", label=Words("Código", "Code"), width=170),
                Column(name="first_name", label=Words("Nome", "First name")),
                Column(name="last_name", label=Words("Sobrenome", "Last name")),
                Column(name="email", label=Words("E-mail", "E-mail"), width=180),
                Column(name="phone", label=Words("Telefone", "Phone")),
                Column(name="birth_year", label=Words("Ano de nascimento", "Year of birth")),
                Column(name="day", label=Words("Recebida em", "Received on"), kind="day"),
            ),
        ),
        Table(
            id="arquivos",
            title=Words("Arquivos", "Files"),
            query=FILES,
            page_size=8,
            columns=(
                Column(name="day", label=Words("Dia", "Day"), kind="day"),
                Column(name="file", label=Words("Arquivo", "File"), width=320),
                Column(name="rows", label=Words("Registros", "Rows"), kind="count"),
                Column(name="kept", label=Words("Mantidos", "Kept"), kind="count"),
                Column(name="removed", label=Words("Removidos", "Removed"), kind="count"),
            ),
        ),
        Table(
            id="quarentena",
            title=Words("Registros em quarentena", "Rejected rows"),
            query=REJECTED,
            page_size=8,
            empty=Words("Nenhum registro em quarentena.", "No rejected rows."),
            columns=(
                Column(name="reason", label=Words("Motivo", "Reason"), texts=REASONS, width=220),
                Column(name="rows", label=Words("Registros", "Rows"), kind="count"),
                Column(name="files", label=Words("Arquivos", "Files"), kind="count"),
                Column(name="last_day", label=Words("Último dia", "Last day"), kind="day"),
            ),
        ),
    ),
)
