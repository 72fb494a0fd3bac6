"""What reading the files of a dataset needs of its bronze table and its domain."""

from dataclasses import replace

import pyarrow as pa

from lakehouse.platform.engines.session import arrow_schema
from lakehouse.platform.ingestion.bronze_rows import DatasetFormat
from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.source import Source
from lakehouse.platform.tables.table import Table
from lakehouse.settings import Settings


def format_of(bronze: Table, spec: DomainSpec, settings: Settings) -> DatasetFormat:
    """Return how the files of a bronze table become its rows."""
    return DatasetFormat(
        source=replace(source_of(bronze), after_commit=None),
        schema=stored_schema(bronze),
        contract_version=bronze.contract.version,
        since=spec.since,
        folders=spec.folders,
        zone=settings.zone,
        limit=settings.max_file_mb * 1024 * 1024,
    )


def stored_schema(bronze: Table) -> pa.Schema:
    """Return the schema of a bronze table's files, which have no column ``day``."""
    schema = arrow_schema(bronze.contract.schema)
    return schema.remove(schema.get_field_index("day"))


def source_of(bronze: Table) -> Source:
    """Return the source of a bronze table; TypeError if it has none."""
    if bronze.source is None:
        raise TypeError(f"{bronze.id.name} has no source")
    return bronze.source
