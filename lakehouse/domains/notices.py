"""Messages about runs in Portuguese, for every domain that has no module ``notices`` of its own."""

import datetime as dt
from collections.abc import Iterable

from lakehouse.platform.notifications.method_changes import MethodChange
from lakehouse.platform.notifications.run_messages import Message, MessageTemplates, RunReport

ERROR = "Ocorreu o erro abaixo:"
TO_DO = "*O que fazer*"
STATUSES = {
    "": "não executada",
    "SUCCESS": "concluída",
    "FAILURE": "falhou",
    "IN_PROGRESS": "em andamento",
}


def layer_failed(report: RunReport, layer: str, error: str) -> Message:
    """Return the message about an error in a layer."""
    text = f"*[{report.title}: {layer.capitalize()}]*\n\n{ERROR}\n\n{error}"
    return Message(text=text, hint=layer_hint(report))


def layer_hint(report: RunReport) -> str:
    """Return what to do about an error in a layer."""
    return (
        f"{TO_DO}\n\nNada do que já estava gravado foi alterado por esta etapa. Veja a causa na"
        f" execução {report.run_id} na interface do Dagster; o sistema tenta de novo sozinho. Se o"
        " erro continuar, corrija a causa e execute:\n"
        f"`lakehouse materialize --domain {report.domain}"
        f" --from {report.first} --to {report.last}`"
    )


def run_failed(report: RunReport) -> Message:
    """Return the message about a run that failed outside of the steps of its tables."""
    return Message(
        text=f"*[{report.job}]*\n\n{ERROR}\n\n{report.error}",
        hint=(
            f"{TO_DO}\n\nVeja a execução {report.run_id} na interface do Dagster, corrija a causa"
            " e repita a execução."
        ),
    )


def outage(cause: str) -> Message:
    """Return the message that the landing zone or the lake cannot be used."""
    text, _, hint = cause.partition(" hint: ")
    return Message(
        text="*[Lakehouse: em espera]*\n\nA área de entrega ou o lake não pode ser usado:"
        f"\n\n{text}",
        hint=(
            f"{TO_DO}\n\nNada do que já estava gravado foi alterado. O trabalho continua sozinho"
            f" assim que a causa acabar{f': {hint}' if hint else '.'}"
        ),
    )


def run_figures(report: RunReport) -> str:
    """Return the text with duration, volume, error rate and steps of a run."""
    share = f"{100 * report.rejected_rows / report.rows:.2f}%" if report.rows else "0%"
    return "\n".join(
        [
            f"*[{report.title}: execução {'com' if report.failed_step else 'sem'} erro]*",
            "",
            f"Dias: {report.first} a {report.last}",
            f"Tempo: {report.seconds:.1f} s".replace(".", ","),
            f"Volume: {report.rows} linhas em {report.loaded_files} arquivos",
            f"Taxa de erro: {share.replace('.', ',')} ({report.rejected_rows} linhas recusadas)",
            *(
                f"• {name}: {STATUSES.get(status, STATUSES[''])}"
                for name, status in report.steps.items()
            ),
        ]
    )


LEVELS = {
    "product pieces": "peças por produto",
    "unit orders": "pedidos da unidade",
    "unit pieces": "peças da unidade",
    "unit revenue": "receita da unidade",
}
GROUPS = {
    "new": "novas",
    "smooth": "regulares",
    "erratic": "irregulares",
    "intermittent": "intermitentes",
    "lumpy": "raras e irregulares",
}


def methods_replaced(domain: str, day: dt.date, changes: Iterable[MethodChange]) -> str:
    """Return the text about forecast methods that were replaced because they became worse."""
    lines = (
        f"• {LEVELS.get(each.level, each.level)}, séries {GROUPS.get(each.group, each.group)}:"
        f" {each.after} substitui {each.before}, cujo erro (MASE) subiu de"
        f" {_decimal(each.error_then)} para {_decimal(each.error_now)}; o de {each.after} é"
        f" {_decimal(each.error_after)}"
        for each in changes
    )
    title = f"*[{domain}: método de previsão substituído em {day:%d/%m/%Y}]*"
    return "\n".join([title, "", *lines, "", "Nada a fazer: a previsão já usa o outro método."])


def _decimal(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


MESSAGES = MessageTemplates(
    layer_failed=layer_failed,
    run_failed=run_failed,
    outage=outage,
    run_figures=run_figures,
    methods_replaced=methods_replaced,
)
