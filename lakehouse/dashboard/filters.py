"""Filters: what the query parameters of a URL select, and the SQL conditions that follow from it.

The URL is the only state of a page, so that reload, back and a shared link show the same. A value
that does not exist is a `Problem`: the page names it and shows no figures for it.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from lakehouse.dashboard.codes import HIDDEN, Codes, masked_sql
from lakehouse.dashboard.declare import PERIOD, FilterName, Page, Query
from lakehouse.dashboard.places import code_of_state, state_of_code
from lakehouse.dashboard.snapshots import DataError, Snapshot
from lakehouse.dashboard.words import LANGUAGES, Language, Words

FROM, TO, LANGUAGE = "de", "ate", "idioma"
MOST_VALUES, LONGEST_VALUE = 200, 100
PERSONAL = re.compile(r"\{(personal|code) ([\w.]+)\}")
CHOICES: Mapping[FilterName, str] = {
    "uf": "SELECT DISTINCT state_name AS value, state_name AS label"
    " FROM gold.mrhealth_unit_day WHERE state_name IS NOT NULL ORDER BY label",
    "unidade": "SELECT unit_id AS value, arg_max(unit_name, day) AS label"
    " FROM gold.mrhealth_unit_day GROUP BY unit_id ORDER BY label, value",
    "produto": "SELECT product_id AS value, arg_max(product_name, day) AS label"
    " FROM gold.mrhealth_product_day GROUP BY product_id ORDER BY label, value",
    "dominio": "SELECT DISTINCT domain AS value, domain AS label"
    " FROM ops.reconciliation ORDER BY label",
    "camada": "SELECT * FROM (VALUES ('raw', 'raw'), ('bronze', 'bronze'), ('silver', 'silver'),"
    " ('gold', 'gold'), ('ops', 'ops')) layers(value, label)",
    "regiao": "SELECT DISTINCT region AS value, region AS label"
    " FROM gold.sales_fact_sales ORDER BY label",
    "ano": "SELECT DISTINCT year(day) AS value, year(day) AS label"
    " FROM gold.sales_fact_sales ORDER BY label",
}
"""Filter → query of the values that exist, with their labels."""
LOOKUPS: Mapping[FilterName, str] = {
    "cliente": "SELECT id_cliente AS value FROM gold.cards_clients"
    " WHERE CAST({code id_cliente} AS VARCHAR) = {value}",
    "nome": "SELECT name AS value FROM catalogue_tables WHERE name = {value}",
}
"""Filter with too many values for a list → query of one value."""
EXAMPLES: Mapping[FilterName, Words] = {
    "cliente": Words(
        "um cliente da lista de /cartoes; números só com o papel privacidade",
        "a client of the list on /cartoes; numbers need the role privacidade",
    ),
    "nome": Words("o nome de uma tabela que existe", "the name of an existing table"),
}
NAMES: Mapping[FilterName, Words] = {
    "periodo": Words("Período", "Period"),
    "uf": Words("Estado", "State"),
    "unidade": Words("Unidade", "Unit"),
    "produto": Words("Produto", "Product"),
    "regiao": Words("Região", "Region"),
    "dominio": Words("Sistema", "System"),
    "ano": Words("Ano das linhas", "Year of the lines"),
    "camada": Words("Camada", "Layer"),
    "cliente": Words("Cliente", "Client"),
    "nome": Words("Tabela", "Table"),
    "busca": Words("Busca", "Search"),
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A query parameter that selects nothing that exists."""

    parameter: str
    value: str
    expected: Words


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a URL selects on a page."""

    first: dt.date | None = None
    """First day of the period; None when the lake has no data."""
    last: dt.date | None = None
    values: Mapping[FilterName, tuple[Any, ...]] = field(default_factory=dict)
    """Selected values of each other filter; a filter without values selects everything."""
    search: str = ""
    language: Language = "pt"
    problems: tuple[Problem, ...] = ()
    newest: dt.date | None = None
    """Newest day with data."""
    oldest: dt.date | None = None
    sees_personal: bool = False
    """Whether personal columns are shown as they are."""
    codes: Codes | None = None
    """Write codes in place of numbers of people; None masks them."""
    texts: Mapping[Any, str] = field(default_factory=dict)
    """Value that was looked up → as the URL writes it, which may be a code."""

    @property
    def days(self) -> int:
        """Number of days of the period; 0 without data."""
        return (self.last - self.first).days + 1 if self.first and self.last else 0

    def moved(self, days: int) -> "Selection":
        """Return the selection with its period this many days earlier."""
        if self.first is None or self.last is None:
            return self
        by = dt.timedelta(days=days)
        return replace(self, first=self.first - by, last=self.last - by)

    def address(self, path: str, **changes: Any) -> str:
        """Return a URL of a page with these filters; a changed filter that is None is left out."""
        given: dict[str, Any] = {
            FROM: self.first,
            TO: self.last,
            **{str(n): [self.written(n, v) for v in vs] for n, vs in self.values.items()},
            "busca": self.search or None,
            LANGUAGE: self.language if self.language != "pt" else None,
        } | changes
        kept = {name: value for name, value in given.items() if value not in (None, [], ())}
        query = urlencode(kept, doseq=True)
        return f"{path}?{query}" if query else path

    def written(self, name: FilterName, value: object) -> str:
        """Return a value of a filter as the URL writes it."""
        return self.texts.get(value) or written_value(name, value)

    def shown_sql(self, query: Query) -> str:
        """Return the SQL as the person may see it: with codes for people, without their key."""
        if self.sees_personal:
            return self.sql(query)
        values = {
            name: tuple(self.texts.get(value, value) for value in each)
            for name, each in self.values.items()
        }
        return replace(self, values=values, codes=HIDDEN).sql(query)

    def _personal(self, sql: str) -> str:
        """Return SQL with personal columns as the person may see them."""

        def shown(found: re.Match[str]) -> str:
            kind, column = found.groups()
            if self.sees_personal:
                return column
            if kind == "code" and self.codes:
                return self.codes.sql(column)
            return masked_sql(column)

        return PERSONAL.sub(shown, sql)

    def sql(self, query: Query) -> str:
        """Return the SQL of a query with the conditions of this selection."""
        scope = [*conditions(self, query.columns)]
        period = _period(self, query.columns)
        return (
            self._personal(query.sql)
            .replace("{where}", "\n  AND ".join([*period, *scope]) or "true")
            .replace("{scope}", "\n  AND ".join(scope) or "true")
            .replace("{from}", f"DATE '{self.first or dt.date.max}'")
            .replace("{to}", f"DATE '{self.last or dt.date.min}'")
            .replace("{search}", text_literal(self.search))
        )


def conditions(selection: Selection, columns: Mapping[FilterName, str]) -> Iterable[str]:
    """Yield the SQL conditions of all filters except the period."""
    for name, values in selection.values.items():
        if values and name in columns:
            listed = ", ".join(
                str(value) if isinstance(value, int) else text_literal(str(value))
                for value in values
            )
            yield f"{columns[name]} IN ({listed})"


def _period(selection: Selection, columns: Mapping[FilterName, str]) -> list[str]:
    if PERIOD not in columns:
        return []
    if selection.first is None or selection.last is None:
        return ["false"]
    column = columns["periodo"]
    return [f"{column} BETWEEN DATE '{selection.first}' AND DATE '{selection.last}'"]


def text_literal(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''").replace("\x00", "") + "'"


def choices(page: Page, name: FilterName, snapshot: Snapshot) -> list[tuple[Any, str]]:
    """Return the values that a filter can select, with their labels; empty without data."""
    sql = page.choices.get(name) or CHOICES.get(name)
    if sql is None:
        return []
    try:
        return [(row["value"], str(row["label"])) for row in snapshot.rows(sql)]
    except DataError:
        return []


def read(
    page: Page,
    search: str,
    snapshot: Snapshot,
    bounds: Sequence[dt.date | None],
    *,
    sees_personal: bool = False,
) -> Selection:
    """Read the query string of a URL.

    Args:
        page: which filters count, and the period without parameters.
        search: the query string, with or without its question mark.
        snapshot: to look values up.
        bounds: oldest and newest day with data.
        sees_personal: whether the person may see personal columns, and look people up by number.
    """
    given = parse_qs(search.lstrip("?"), keep_blank_values=False, max_num_fields=500)
    oldest, newest = bounds
    problems: list[Problem] = []
    language: Language = "en" if given.get(LANGUAGE, [""])[-1] == "en" else "pt"
    if given.get(LANGUAGE) and given[LANGUAGE][-1] not in LANGUAGES:
        problems.append(_unknown(LANGUAGE, given[LANGUAGE][-1], Words("pt ou en", "pt or en")))
    first, last = _read_period(page, given, oldest, newest, problems)
    anybody = Selection(sees_personal=sees_personal, codes=snapshot.codes)
    values: dict[FilterName, tuple[Any, ...]] = {}
    texts: dict[Any, str] = {}
    for name in page.filters:
        if name in LOOKUPS and given.get(name):
            found = dict(_look_up(name, given[name], anybody, snapshot, problems))
            texts |= found
            values[name] = tuple(found)
        elif name not in (PERIOD, "busca") and given.get(name):
            values[name] = tuple(_read_values(page, name, given[name], snapshot, problems))
        elif name in page.needs:
            problems.append(_unknown(name, "", EXAMPLES[name]))
    return replace(
        anybody,
        first=first,
        last=last,
        values=values,
        texts=texts,
        search=given.get("busca", [""])[-1][:LONGEST_VALUE].strip(),
        language=language,
        problems=tuple(problems),
        newest=newest,
        oldest=oldest,
    )


def _read_period(
    page: Page,
    given: Mapping[str, list[str]],
    oldest: dt.date | None,
    newest: dt.date | None,
    problems: list[Problem],
) -> tuple[dt.date | None, dt.date | None]:
    first, last = _read_day(FROM, given, problems), _read_day(TO, given, problems)
    if newest is None or oldest is None:
        return None, None
    if last is None:
        last = newest if first is None else max(first, newest)
    if first is None:
        back = {"last day": last, "last 30 days": last - dt.timedelta(days=29)}
        first = back.get(page.period, min(oldest, last))
    if first > last:
        expected = Words(f"um dia até {last:%d/%m/%Y}", f"a day up to {last}")
        problems.append(_unknown(FROM, str(first), expected))
    return first, last


def _read_day(name: str, given: Mapping[str, list[str]], problems: list[Problem]) -> dt.date | None:
    if not (text := given.get(name, [""])[-1]):
        return None
    try:
        day = dt.date.fromisoformat(text)
        if not 1970 <= day.year <= 2200:
            raise ValueError(text)
    except ValueError:
        problems.append(_unknown(name, text, Words("uma data AAAA-MM-DD", "a date YYYY-MM-DD")))
        return None
    return day


def _read_values(
    page: Page,
    name: FilterName,
    texts: Sequence[str],
    snapshot: Snapshot,
    problems: list[Problem],
) -> Iterable[Any]:
    known = {written_value(name, value): value for value, _ in choices(page, name, snapshot)}
    for text in dict.fromkeys(texts[:MOST_VALUES]):
        found = known.get(text)
        if found is None and name == "uf":
            found = known.get(code_of_state(state_of_code(text)))
        if found is None:
            some = ", ".join(list(known)[:6]) or "–"
            expected = Words(
                f"um valor que existe, como {some}", f"an existing value, such as {some}"
            )
            problems.append(_unknown(name, text, expected))
        else:
            yield found


def _look_up(
    name: FilterName,
    texts: Sequence[str],
    anybody: Selection,
    snapshot: Snapshot,
    problems: list[Problem],
) -> Iterable[tuple[Any, str]]:
    sql = anybody.sql(Query(sql=LOOKUPS[name]))
    for text in dict.fromkeys(texts[:MOST_VALUES]):
        rows = snapshot.rows(sql.replace("{value}", text_literal(text)))
        if rows:
            yield rows[0]["value"], text
        else:
            problems.append(_unknown(name, text, EXAMPLES[name]))


def written_value(name: FilterName, value: object) -> str:
    """Return a value of a filter as the URL writes it: states by their two letters."""
    return code_of_state(str(value)) if name == "uf" else str(value)


def _unknown(parameter: str, value: str, expected: Words) -> Problem:
    return Problem(parameter=parameter, value=value[:LONGEST_VALUE], expected=expected)
