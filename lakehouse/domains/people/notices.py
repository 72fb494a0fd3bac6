"""What people are told of each run: the messages of the pipeline before this one, word for word."""

from collections.abc import Mapping
from contextlib import closing

from lakehouse.domains.people import FILENAME_GOLD, FILENAME_SILVER, SPEC
from lakehouse.platform.notifications.delivery import digest
from lakehouse.platform.orchestration.run_messages import (
    Notice,
    Notices,
    Outcome,
    failure,
    hint,
    nothing_on,
)
from lakehouse.platform.serving.sql_catalog import connect, query
from lakehouse.platform.storage.lake import Lake
from lakehouse.settings import Settings

NOTHING = "Nenhum arquivo para processar!"
DONE = "Etapa concluída com sucesso!"


def told(outcome: Outcome) -> tuple[Notice, ...]:
    """The messages of an outcome."""
    if outcome.error is not None:
        if outcome.layer not in MADE:
            return failure(outcome)
        return (_failed(outcome.layer, outcome.error, hint(outcome)),)
    return MADE[outcome.layer](outcome)


def _failed(layer: str, error: str, hint: str, cause: str = "") -> Notice:
    text = f"*[Camada {layer.capitalize()}]*\n\nOcorreu o erro abaixo:\n\n{error}"
    return Notice(text=text, hint=hint, cause=cause)


def _bronze(outcome: Outcome) -> tuple[Notice, ...]:
    notices = tuple(_rejected(outcome.domain, file, why) for file, why in outcome.rejected.items())
    if outcome.files:
        processed = f"Serão processados {outcome.files} arquivos"
        return (*notices, Notice(text=f"*[Camada Bronze]*\n\n{DONE}\n\n{processed}"))
    if notices:
        return notices
    return (Notice(text=NOTHING, cause=nothing_on(outcome.domain, outcome.last)),)


def _rejected(domain: str, file: str, why: str) -> Notice:
    """A file that cannot be read at all, and what its sender does about it."""
    way = (
        "*O que fazer*\n\n"
        f"O arquivo {file} não foi carregado; os demais seguem. Corrija-o e envie-o de novo com o"
        " mesmo nome: ele substitui o recusado assim que chegar. Todos os recusados:\n"
        f"`lakehouse quarantine list --domain {domain}`"
    )
    return _failed("bronze", why, way, f"{domain}/rejected/{digest(file + why)}")


def _silver(outcome: Outcome) -> tuple[Notice, ...]:
    name = SPEC.read(FILENAME_SILVER, outcome.settings)
    updated = f'Dados atualizados no arquivo "{name}.parquet"'
    return _if_any(outcome, f"*[Camada Silver]*\n\n{DONE}\n\n{updated}")


def _gold(outcome: Outcome) -> tuple[Notice, ...]:
    name = SPEC.read(FILENAME_GOLD, outcome.settings)
    removed = outcome.figures["num_duplicates"]
    return _if_any(
        outcome,
        f'*[Camada Gold]*\n\n{DONE}\n\nDados atualizados no arquivo "{name}.parquet"\n\n'
        f"{removed} registros duplicados foram removidos",
    )


def _if_any(outcome: Outcome, text: str) -> tuple[Notice, ...]:
    return (Notice(text=text),) if outcome.files else ()


def figures(layer: str, lake: Lake, settings: Settings) -> Mapping[str, int]:
    """Duplicates removed among all files, once gold is made."""
    if layer != "gold":
        return {}
    view = "gold.people_duplicates"
    with closing(connect(lake, settings, names={view})) as connection:
        row = query(connection, "select removed from gold.people_duplicates").fetchone()
    return {"num_duplicates": row[0] if row else 0}


MADE = {"bronze": _bronze, "silver": _silver, "gold": _gold}

NOTICES = Notices(
    told=told,
    ends={"bronze": "people", "silver": "people_all", "gold": "people_without_duplicates"},
    nothing=NOTHING,
    figures=figures,
)
