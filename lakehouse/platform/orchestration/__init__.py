"""Dagster: the assets, checks, jobs, sensors and schedules of every domain, and its runs.

- what a domain has: ``code_location`` puts together ``assets`` (``landed_assets``,
  ``computed_assets``, ``pandas_tables``, ``ops_assets``, ``quality_log``), ``pandera_checks``,
  ``jobs``, ``sensors`` and ``schedules``; ``extraction`` and ``forecasting`` add their own
- rules for all assets: ``policy``, ``metadata``, ``partitions``, ``io_manager``, ``resources``
- which runs are needed: ``facts`` gathers (``failures`` in the run history), ``planning`` decides
- runs of the command line: ``local_runs``, ``exclusive_runs``
- what a run did: ``run_tags``, ``run_steps``, ``run_report``, ``run_messages``

The code here is thin: it fetches, calls and reports. How files are read, tables computed and rows
validated belongs to the other packages, which do not import Dagster. Dagster's private modules are
used in ``local_runtime`` only.
"""
