"""Messages about runs of this domain: the texts of the pipeline it replaced, word for word."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace

from lakehouse.domains.hints import hint_for
from lakehouse.domains.notices import ERROR, TO_DO, layer_hint
from lakehouse.domains.notices import MESSAGES as DEFAULT
from lakehouse.domains.people import FILENAME_GOLD, FILENAME_SILVER, SPEC
from lakehouse.platform.notifications.delivery import digest
from lakehouse.platform.notifications.run_messages import (
    Message,
    RunReport,
    nothing_delivered_cause,
)
from lakehouse.platform.serving.sql_catalog import connect, query
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import ShownVersions
from lakehouse.settings import Settings

NOTHING_DELIVERED = "Nenhum arquivo para processar!"
DONE = "Etapa concluída com sucesso!"
LAYERS = ("bronze", "silver", "gold")


def layer_failed(report: RunReport, layer: str, error: str) -> Message:
    """Return the message about an error; a layer without a text of its own gets the default."""
    if layer not in LAYERS:
        return DEFAULT.layer_failed(report, layer, error)
    return Message(text=_error(layer, error), hint=layer_hint(report))


def layer_succeeded(report: RunReport, layer: str) -> tuple[Message, ...]:
    """Return the messages about a layer that succeeded."""
    if layer == "bronze":
        return _bronze(report)
    if layer not in LAYERS or not report.loaded_files:
        return ()
    name = SPEC.read(FILENAME_SILVER if layer == "silver" else FILENAME_GOLD, report.settings)
    text = f'{_title(layer)}\n\n{DONE}\n\nDados atualizados no arquivo "{name}.parquet"'
    if layer == "gold":
        text += f"\n\n{report.figures['num_duplicates']} registros duplicados foram removidos"
    return (Message(text=text),)


def _bronze(report: RunReport) -> tuple[Message, ...]:
    rejected = tuple(
        _rejected(report.domain, file, reason) for file, reason in report.rejected_files.items()
    )
    if report.loaded_files:
        processed = f"Serão processados {report.loaded_files} arquivos"
        return (*rejected, Message(text=f"{_title('bronze')}\n\n{DONE}\n\n{processed}"))
    cause = nothing_delivered_cause(report.domain, report.last)
    return rejected or (Message(text=NOTHING_DELIVERED, cause=cause),)


def _rejected(domain: str, file: str, reason: str) -> Message:
    """Return the message about a file that cannot be read, with what its sender can do."""
    return Message(
        text=_error("bronze", reason),
        hint=(
            f"{TO_DO}\n\n{_advice(reason)}O arquivo {file} não foi carregado; os demais seguem."
            " Corrija-o e envie-o de novo com o mesmo nome: ele substitui o recusado assim que"
            f" chegar. Todos os recusados:\n`lakehouse quarantine list --domain {domain}`"
        ),
        cause=f"{domain}/rejected/{digest(file + reason)}",
    )


def _advice(reason: str) -> str:
    hint = hint_for(reason)
    return f"{hint}\n\n" if hint else ""


def _title(layer: str) -> str:
    return f"*[Camada {layer.capitalize()}]*"


def _error(layer: str, error: str) -> str:
    return f"{_title(layer)}\n\n{ERROR}\n\n{error}"


def figures(layer: str, lake: Lake, settings: Settings) -> Mapping[str, int]:
    """Return the number of duplicates removed from all files, once gold is computed."""
    if layer != "gold":
        return {}
    table = "silver.people_people_all"
    shown = ShownVersions(lake, latest=True)  # a message tells what its own run did
    with closing(connect(lake, settings, names={table}, shown=shown)) as connection:
        removed = f"select count(*) - count(distinct user_id) from {table}"  # noqa: S608  ours
        row = query(connection, removed).fetchone()
    return {"num_duplicates": row[0] if row else 0}


MESSAGES = replace(
    DEFAULT,
    layer_failed=layer_failed,
    layer_succeeded=layer_succeeded,
    nothing_delivered=NOTHING_DELIVERED,
    figures=figures,
)
