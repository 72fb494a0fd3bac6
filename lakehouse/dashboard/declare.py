"""What a page is declared with: sources, measures, queries, views and the page itself.

A query is a SQL text over the catalog of `lakehouse sql`. `{where}` stands for the conditions of
all filters that its columns know, `{scope}` for those without the period, `{from}` and `{to}` for
the first and the last day of the period, `{search}` for the text that is searched for, and
`{personal NAME}` for a column whose values are masked unless the role may see them, and
`{code NAME}` for a number of people, which codes stand for unless the role may see it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from lakehouse.dashboard.words import Kind, Words

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from lakehouse.dashboard.filters import Selection
    from lakehouse.dashboard.snapshots import Snapshot

PERIOD = "periodo"
"""Filter of the days; its query parameters are ``de`` and ``ate``."""
NO_ROWS = Words("Nada neste período e nestes filtros.", "Nothing for this period and filters.")
MR_HEALTH = Words("Mr. Health", "Mr. Health")
OTHERS = Words("Outros sistemas", "Other systems")
FilterName = Literal[
    "periodo",
    "uf",
    "unidade",
    "produto",
    "regiao",
    "dominio",
    "camada",
    "ano",
    "cliente",
    "nome",
    "busca",
]
Good = Literal["more", "less", "neither"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A table, and the column that each filter restricts."""

    table: str
    columns: Mapping[FilterName, str]
    gaps: str | None = None
    """SQL of rows that are not in the table: ``kind, reason, rows`` and what they would add to each
    column that a measure adds up."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """A sum over the rows of a source: of a column, or of rows (with a value in a column)."""

    column: str | None = None
    equals: bool | str | None = None
    """Count the rows with this value in the column; None adds the column up."""

    @property
    def sql(self) -> str:
        """The term as an aggregate of SQL."""
        if self.column is None:
            return "count(*)"
        if self.equals is None:
            return f'sum("{self.column}")'
        value = str(self.equals).lower() if isinstance(self.equals, bool) else f"'{self.equals}'"
        return f'count(*) FILTER ("{self.column}" = {value})'


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure over the rows of a source: one term, or the quotient of two."""

    id: str
    label: Words
    meaning: Words
    source: Source
    term: Term
    per: Term | None = None
    kind: Kind = "count"
    good: Good = "more"
    """Which direction of a change is good news."""

    @property
    def sql(self) -> str:
        """The measure as an aggregate of SQL."""
        if self.per is None:
            return self.term.sql
        return f"CAST({self.term.sql} AS DOUBLE) / nullif({self.per.sql}, 0)"


@dataclass(frozen=True, kw_only=True)
class Query:
    """A named query; see the module for the parts of its text in braces."""

    sql: str
    columns: Mapping[FilterName, str] = field(default_factory=dict)
    domain: str = "mrhealth"
    """Domain whose publication its tables belong to."""


def masked(column: str) -> str:
    """Return a personal column as a part of SQL; `Selection.sql` masks it by the person's role."""
    return f"{{personal {column}}} AS {column}"


def coded(column: str, name: str | None = None) -> str:
    """Return a number of people as a part of SQL; a code stands for it unless the role sees it."""
    return f"{{code {column}}} AS {name or column}"


def found(column: str) -> str:
    """Return the condition that the search is a part of a number of people, or of its code."""
    return f"({{search}} = '' OR contains(CAST({{code {column}}} AS VARCHAR), {{search}}))"


def breakdown(
    source: Source, by: str, measures: Sequence[Measure], *, order: str, limit: int | None = None
) -> Query:
    """Return the query of measures for each value of a column of their source."""
    shown = ", ".join(f"{each.sql} AS {each.id}" for each in measures)
    limited = f" LIMIT {limit}" if limit else ""
    return Query(
        sql=f"SELECT {by} AS label, {shown}\nFROM {source.table}\nWHERE {{where}}\n"
        f"GROUP BY {by}\nORDER BY {order}{limited}",
        columns=source.columns,
    )


@dataclass(frozen=True, kw_only=True)
class View:
    """A part of a page."""

    id: str
    title: Words
    span: int = 12
    """Width in columns of twelve on a wide screen; a phone shows every view in full width."""
    note: Words | None = None


@dataclass(frozen=True, kw_only=True)
class Cards(View):
    """Figures side by side, each compared with the period before and with the same weekdays."""

    measures: tuple[Measure, ...]
    compared: bool = True
    """Whether each figure is compared with earlier periods; that needs rows for every day."""


@dataclass(frozen=True, kw_only=True)
class Totals(View):
    """Figures side by side that one query returns as the columns of its only row."""

    query: Query
    columns: tuple["Column", ...]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line or one group of bars: a column of the query."""

    name: str
    label: Words
    color: str = "teal.6"
    points: bool = False
    """Draw the values as points that are not connected."""


@dataclass(frozen=True, kw_only=True)
class Chart(View):
    """A chart of the rows of a query; the column ``label`` names the points."""

    form: Literal["area", "line", "bars", "ranking", "donut"]
    query: Query
    series: tuple[Series, ...]
    kind: Kind = "brl"
    labels: Mapping[str, Words] = field(default_factory=dict)
    """Labels that are codes in the data → their texts."""
    by: str | None = None
    """Column whose values are drawn as a line each; the only series names the values."""
    details: tuple["Column", ...] = ()
    """Columns that the tooltip of a point shows besides its value."""
    height: int = 300


@dataclass(frozen=True, kw_only=True)
class TileMap(View):
    """The states as tiles in their geographic order; rows ``label, value``."""

    query: Query
    kind: Kind = "brl"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    label: Words
    kind: Kind = "text"
    link: str | None = None
    """Address that a cell leads to; column names in braces are replaced by the row's values."""
    texts: Mapping[str, Words] = field(default_factory=dict)
    """Codes of the data → their texts."""
    badges: Mapping[str, str] = field(default_factory=dict)
    """Codes of the data → colour of a badge around them."""
    width: int | None = None
    wraps: bool = False
    """Whether long texts are shown whole, on several lines."""
    hidden: bool = False
    """Whether the screen leaves the column out; exports have it."""
    below: "Column | None" = None
    """Column that `Totals` show in small letters; its label has ``{}`` for the value."""


@dataclass(frozen=True, kw_only=True)
class Table(View):
    """A table of the rows of a query; it can be sorted, filtered and exported."""

    query: Query
    columns: tuple[Column, ...]
    page_size: int = 10
    empty: Words = NO_ROWS
    most: int = 2_000
    """Rows that the screen shows; the export has all."""


@dataclass(frozen=True, kw_only=True)
class Notices(View):
    """What needs attention: rows ``severity, code, subject, link`` and what the texts name."""

    query: Query
    texts: Mapping[str, Words]
    """Code → text; the columns of the row fill its names in braces."""
    most: int = 8
    more: str | None = None
    """Path of the page that shows the others, too."""


@dataclass(frozen=True, kw_only=True)
class Embedded(View):
    """A part that a function draws, for what no other view can show, such as a form."""

    draw: Callable[["Selection", "Snapshot"], "Component"]
    has_form: bool = True
    """Whether callbacks answer in it, so that another address must show it from its beginning."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page with its filters and views."""

    name: str
    title: Words
    lead: Words
    filters: tuple[FilterName, ...]
    views: tuple[View, ...]
    period: Literal["last day", "last 30 days", "all"] = "last day"
    """Period that is shown when the URL names none."""
    group: Words = MR_HEALTH
    in_menu: bool = True
    domain: str = "mrhealth"
    """Domain whose days and publication the page shows; empty for all domains."""
    daily: bool = True
    """Whether new data is expected every day, so that older data is marked as late."""
    choices: Mapping[FilterName, str] = field(default_factory=dict)
    """Filter → query of its values, where they differ from those of other pages."""
    needs: tuple[FilterName, ...] = ()
    """Filters without which the page shows nothing."""
    back: str | None = None
    """Path of the page where a value for them is found."""
    search: Words | None = None
    """Label of the search, if it is not a general one."""

    @property
    def path(self) -> str:
        """Path of the page's URL."""
        return f"/{self.name}"
