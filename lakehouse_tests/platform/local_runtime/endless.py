"""A code location for stories of the services: one run that ignores Ctrl-C, started by a sensor."""

import hashlib

import dagster as dg


@dg.op
def compute() -> None:
    """Compute for a day inside one call of C, as a long query does."""
    hashlib.pbkdf2_hmac("sha256", b"text", b"salt", 2_000_000_000)


@dg.job(executor_def=dg.in_process_executor)
def endless() -> None:
    compute()


@dg.sensor(job=endless, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=1)
def once() -> dg.RunRequest:
    return dg.RunRequest(run_key="once")


defs = dg.Definitions(jobs=[endless], sensors=[once])
