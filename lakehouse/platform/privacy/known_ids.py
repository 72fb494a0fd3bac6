"""The ids of a person in each domain, and all values that may identify somebody."""

from collections.abc import Iterable, Iterator

from lakehouse.platform.privacy.file_content import ids_in_file, ids_in_rows, values_and_texts
from lakehouse.platform.privacy.person import Person, Persons, distinctive_words
from lakehouse.platform.privacy.personal_columns import personal_columns, stored_personal_columns
from lakehouse.platform.privacy.scope import SearchScope
from lakehouse.platform.privacy.search_files import landed_files
from lakehouse.platform.privacy.search_tables import data_files, read_data_file
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.layers import Layer
from lakehouse.platform.tables.registry import load_domain
from lakehouse.settings import Settings


def persons_in(
    domains: Iterable[str],
    lake: Lake,
    settings: Settings,
    *,
    ids: Iterable[str] = (),
    emails: Iterable[str] = (),
) -> Persons:
    """Return a person in each domain: as given, with the ids found beside their addresses.

    The ids of one domain mean nothing in another one.
    """
    found = {}
    for domain in domains:
        person = Person.of(domain, ids=ids, emails=emails)
        scope = SearchScope(domain=load_domain(domain), lake=lake, settings=settings, person=person)
        found[domain] = Person.of(
            domain, ids={*person.ids, *ids_beside_emails(scope)}, emails=person.emails
        )
    return found


def ids_beside_emails(scope: SearchScope) -> set[str]:
    """Return the ids in rows with one of the person's addresses, in bronze and landed files."""
    found: set[str] = set()
    if not scope.person.emails:
        return found
    for table in scope.domain.of(Layer.BRONZE):
        columns = personal_columns(table)
        stored = scope.lake.table(table.id)
        snapshot = stored.snapshot()
        if not (columns.identifiers and columns.emails) or snapshot.schema is None:
            continue
        for file in snapshot.files:
            rows = stored.read([file.day], snapshot=snapshot, columns=[*columns.identifying])
            found |= ids_in_rows(rows, columns, scope.person)
    for landed in landed_files(scope):
        if landed.file_format is not None:
            found |= ids_in_file(
                landed.data, landed.path, landed.file_format, scope.person, limit=scope.limit
            )
    return found


def identifying_values(scope: SearchScope) -> Iterator[str]:
    """Yield every value that may be an id or an address, in all kept files and all data files."""
    deliveries = scope.read_deliveries().values()
    names = {delivery.digest: delivery.file for rows in deliveries for delivery in rows}
    for entry in scope.lake.store.entries(f"raw/{scope.name}/objects"):
        digest = entry.path.rpartition("/")[2]
        data = scope.lake.store.read(entry.path)
        name = names.get(digest, "orphan")
        for file_format in scope.formats.values():
            values, texts = values_and_texts(data, name, file_format, limit=scope.limit)
            yield from values | distinctive_words(texts)
    for table in scope.lake.tables(domain=scope.name):
        for path, _ in data_files(scope.lake, table):
            rows = read_data_file(scope.lake, f"{table.path}/{path}")
            columns = stored_personal_columns(scope.lake, table, rows.column_names)
            for column in columns.identifying:
                yield from map(str, rows[column].unique().drop_null().to_pylist())
