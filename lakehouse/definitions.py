"""Lakehouse's code location: every system that has a folder, and what they all share."""

import dagster as dg

from lakehouse.platform.code_location import definitions_of, shared
from lakehouse.platform.discovery import domains
from lakehouse.platform.extraction.automation import extraction_definitions
from lakehouse.platform.forecast.automation import forecast_definitions
from lakehouse.settings import Settings

SETTINGS = Settings.from_env()

defs = dg.Definitions.merge(
    shared(),
    *(definitions_of(domain, SETTINGS) for domain in domains()),
    *(extraction_definitions(domain, SETTINGS) for domain in domains()),
    *(forecast_definitions(domain, SETTINGS) for domain in domains()),
)
