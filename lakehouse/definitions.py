"""The code location of the lakehouse: every domain, and what all domains share."""

from lakehouse.lasting_objects import lasting_objects

with lasting_objects():
    import dagster as dg

    from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
    from lakehouse.platform.orchestration.extraction import extraction_definitions
    from lakehouse.platform.orchestration.forecasting import forecast_definitions
    from lakehouse.platform.orchestration.training import training_definitions
    from lakehouse.platform.tables.registry import load_domains
    from lakehouse.settings import Settings

    SETTINGS = Settings.from_env()

    defs = dg.Definitions.merge(
        shared_definitions(),
        *(definitions_of(domain, SETTINGS) for domain in load_domains()),
        *(extraction_definitions(domain, SETTINGS) for domain in load_domains()),
        *(forecast_definitions(domain, SETTINGS) for domain in load_domains()),
        *(training_definitions(domain, SETTINGS) for domain in load_domains()),
    )
