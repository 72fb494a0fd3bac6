"""The ops tables: what the platform records about deliveries, rows, checks and runs.

Each is declared once: deliveries in `deliveries_model`, the others here. The packages that write
them import their row and their table; the SQL catalog, the data dictionary and the Dagster UI take
columns, types and meanings from the same declaration. The mechanism is in `ops_model`.

The order of the columns is the order in the stored files: add a column at the end.
"""

import datetime as dt
from enum import StrEnum

from lakehouse.platform.tables.deliveries_model import DELIVERIES, Status
from lakehouse.platform.tables.ops_model import OpsTable, column, ops_row


class Balance(StrEnum):
    """Result of the reconciliation of one file."""

    BALANCED = "balanced"
    WAITING = "waiting"
    UNBALANCED = "unbalanced"


@ops_row
class RejectedRow:
    """One rejected line or row with its original values."""

    day: dt.date = column("Delivery day of a rejected line, business day of a rejected row")
    delivery_day: dt.date = column("Day of the delivery that contains the row")
    file: str = column("Path of the file in the landing zone")
    line: int = column("Line in the file on which the record starts, from 1")
    digest: str = column("SHA-256 of the file")
    reasons: tuple[str, ...] = column("Reason codes, see docs/reasons.md")
    detail: str | None = column("Values that explain the rejection; null when the code suffices")
    values: str | None = column("Original values as JSON by column; of a line its text")
    contract_version: str | None = column(
        "Version of the contract that rejected the row; null for lines"
    )


@ops_row
class RowOutcome:
    """The one outcome of one row of bronze."""

    day: dt.date = column("Business day of the row")
    delivery_day: dt.date = column("Day of the delivery that contains the row")
    file: str = column("Path of the file in the landing zone")
    digest: str = column("SHA-256 of the file")
    line: int = column("Line in the file on which the record starts, from 1")
    outcome: str = column("silver, quarantine, duplicate or superseded")


@ops_row
class FileBalance:
    """The reconciliation of one landed file: its lines against the outcomes of its rows."""

    day: dt.date = column("Day of the delivery")
    table: str = column("Dataset of the file")
    unit: int | None = column("Unit that sent the file; null when the path has none")
    file: str = column("Path in the landing zone")
    digest: str = column("SHA-256 of the landed bytes")
    status: Status = column("Status of the file, as in ops.deliveries")
    physical_lines: int = column("Lines of the file")
    header_lines: int = column("Lines of the header; 0 when the file has no rows in bronze")
    continuation_lines: int = column("Lines that continue a record of an earlier line")
    unparsable_lines: int = column("Lines that are not a valid record; they are in quarantine")
    excluded_lines: int = column("Lines of a file that was not loaded; 0 for loaded files")
    bronze_rows: int = column("Rows in bronze")
    silver_rows: int = column("Rows in silver")
    quarantined_rows: int = column("Rows rejected one by one; they are in quarantine")
    duplicate_rows: int = column("Rows that repeat another row with the same content")
    superseded_rows: int = column("Rows replaced by a newer row with the same key or a newer file")
    difference: int = column("Missing lines and rows (positive) or surplus ones (negative)")
    balance: Balance = column(
        "balanced, waiting (rows need another business day to be rebuilt) or unbalanced"
    )
    waiting_days: str | None = column(
        "Business days that must be rebuilt first, separated by commas; null unless waiting"
    )
    waiting: int = column("1 when the balance is waiting, else 0")
    inputs: str = column("Digest of all deliveries of the day that the balance was computed from")


@ops_row
class CheckResult:
    """The result of one quality check for one day, from the newest run that checked the day."""

    day: dt.date = column("Day that was checked")
    check_id: str = column("Table and check; the same in every run")
    check_name: str = column("Name of the check, as in the Dagster UI")
    category: str = column("Kind of check, such as freshness, completeness or accuracy")
    layer: str = column("Layer of the table")
    table_name: str = column("Table within the layer, <domain>_<table>")
    check_sql: str = column("SQL that measures the check, with one row for each day")
    result: str = column("pass, warn or fail", isin=("pass", "warn", "fail"))
    expected_value: str = column("Value or range that passes")
    actual_value: str = column("Value that was measured")
    details: str | None = column("Up to 20 names or reasons; null when the check has none")
    execution_date: dt.date = column("Date of the check in the time zone of the lake")
    execution_timestamp: dt.datetime = column("Moment of the check, UTC")
    run_id: str = column("Dagster run of the check")
    duration_seconds: float = column("Seconds that the check took for all days of its run", ge=0)


@ops_row
class ReferenceDateInputs:
    """The upstream data from which the tables of one reference date were computed."""

    day: dt.date = column("Reference date: the first day of a month, or a day that was asked for")
    tables: int = column("Number of tables computed for the date")
    inputs: str = column("Digest of the data versions of the upstream days")


@ops_row
class AsOfInputs:
    """The upstream data from which the as-of tables of one day were computed."""

    day: dt.date = column("Day at whose end the tables were as shown")
    tables: int = column("Number of as-of tables computed for the day")
    inputs: str = column("Digest of the expressions and of the upstream data up to the day")


class CorrectionStep(StrEnum):
    """A step of a correction, in the order in which they happen; the last three end it."""

    REQUESTED = "requested"
    LANDED = "landed"
    LOADED = "loaded"
    REJECTED = "rejected"
    FAILED = "failed"


@ops_row
class CorrectionEvent:
    """One step of the correction of a row: who asked for what and why, and the outcome."""

    day: dt.date = column("Day of the delivery that contains the row")
    correction: str = column("Identifier of the correction; the same in all of its steps")
    step: CorrectionStep = column(
        "requested, landed (the corrected file is in the landing zone), loaded, rejected (the row"
        " is in quarantine again) or failed (nothing was loaded)"
    )
    kind: str = column(
        "correction of values, removal of the row, or undo of an earlier correction",
        isin=("correction", "removal", "undo"),
    )
    undoes: str | None = column("Correction that this one takes back; null unless kind is undo")
    at: dt.datetime = column("Moment of the step, UTC")
    person: str = column("Name under which the person was logged in; local without a login")
    role: str = column("Role of the person at that moment")
    table: str = column("Dataset of the row")
    unit: int | None = column("Unit that sent the file; null when its path has none")
    file: str = column("Path of the version of the file that was corrected")
    line: int = column("Line in the file on which the row starts, from 1")
    digest: str = column("SHA-256 of the version that was corrected")
    path: str = column("Path of the corrected file in the landing zone")
    new_digest: str = column("SHA-256 of the corrected file")
    before: str | None = column(
        "Changed values before, and those that identify a person, as JSON by column; of an"
        " unparsable line its text; null for an undo and after an erasure"
    )
    after: str | None = column(
        "Changed values after, in the same form; null for an undo, a removed row and after an"
        " erasure"
    )
    reason: str = column("Why, in the person's words")
    detail: str | None = column("Why a correction was rejected or failed; else null")


@ops_row
class RunMetric:
    """One measurement of a run. No domain writes measurements yet, so the table is empty."""

    day: dt.date = column("Day of the measurement")
    metric_id: str = column("Identifier of the measurement")
    job: str = column("Dagster job")
    run_id: str = column("Dagster run")
    step: str = column("Step of the run")
    metric_name: str = column("Name, such as sla_miss, task_failure or quality_failure")
    metric_value: float = column("Measured value")
    metric_unit: str = column("Unit of the value")
    execution_date: dt.date = column("Date of the measurement in the time zone of the lake")
    execution_timestamp: dt.datetime = column("Moment of the measurement, UTC")
    details: str | None = column("Additional text; null when there is none")


class AlertStep(StrEnum):
    """What somebody does with an alert."""

    ACKNOWLEDGED = "acknowledged"
    EXPLAINED = "explained"
    CLOSED = "closed"
    REOPENED = "reopened"
    SNOOZED = "snoozed"
    ASSIGNED = "assigned"


@ops_row
class AlertDecision:
    """One step that somebody took about an alert; steps are added and never changed."""

    day: dt.date = column("Date of the step in the time zone of the lake")
    decision_id: str = column("Identifier of the step")
    alert_id: str = column("Alert that the step is about, as in the alerts of the domain")
    step: AlertStep = column(
        "acknowledged, explained, closed, reopened, snoozed or assigned to another owner"
    )
    outcome: str | None = column("Why the alert is closed; null for other steps")
    note: str | None = column("Remark; null when there is none")
    until: dt.date | None = column(
        "Last day on which a snoozed alert is not shown or sent; null for other steps"
    )
    owner: str | None = column("Who is to act from now on; null when that does not change")
    decided_by: str = column("Login or name of the person")
    decided_at: dt.datetime = column("Moment of the step, UTC")


@ops_row
class AlertQuality:
    """How well one kind of incident was found in days whose incidents are known."""

    day: dt.date = column("Date of the measurement in the time zone of the lake")
    source: str = column("Days that were measured, such as the seeds of generated ones")
    kind: str = column("Kind of incident as its label says; all for their sum")
    incidents: int = column("Number of incidents with a label", ge=0)
    found: int = column("Number of incidents about which there was an alert", ge=0)
    alerts: int = column("Number of alerts about them; false ones count for all only", ge=0)
    false_alerts: int = column("Number of alerts without an incident, for all only", ge=0)
    precision: float | None = column("Share of alerts with an incident; null without alerts")
    recall: float | None = column("found ÷ incidents; null without incidents")
    days_to_detection: float | None = column(
        "Mean number of days from the first day of an incident to the day whose data show it; null"
        " when none was found"
    )
    alerts_per_unit_month: float | None = column(
        "Alerts of a unit in 30 days, for all only; null for single kinds"
    )


@ops_row
class ModelVersion:
    """One version of a trained model: its file, and everything that it follows from."""

    day: dt.date = column("Date of the registration in the time zone of the lake")
    name: str = column("Name of the model within its domain")
    version: str = column("Digest of file, data, code, seed and parameters, 16 hexadecimal digits")
    form: str = column("Format of the file", isin=("json", "lightgbm", "parquet"))
    sha256: str = column("SHA-256 of the file, _models/<domain>/<aa>/<sha256> in the lake")
    size: int = column("Size of the file in bytes", ge=0)
    seed: int = column("Seed of every random choice of the training")
    code: str = column("Version of the code and of the libraries that trained it")
    parameters: str = column("What was chosen before the training, as JSON")
    metrics: str = column("Measured quality by name, as JSON")
    data: str = column(
        "Tables that it was trained on, as a JSON list of table, version, days, rows and digest"
    )
    run_id: str | None = column("Dagster run that trained it; null for a command")
    registered_at: dt.datetime = column("Moment of the registration, UTC")


class ModelStep(StrEnum):
    """What is decided about the version of a model that is in use."""

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"


@ops_row
class ModelDecision:
    """One decision about which version of a model is in use; rows are added, never changed."""

    day: dt.date = column("Date of the decision in the time zone of the lake")
    decision_id: str = column("Identifier of the decision")
    name: str = column("Name of the model within its domain")
    version: str = column("Version that is in use from this decision on")
    step: ModelStep = column(
        "promoted, or rolled_back (the version that was in use before is in use again)"
    )
    note: str | None = column("Remark; null when there is none")
    decided_by: str = column("Login or name of the person, or the command that trained the model")
    decided_at: dt.datetime = column("Moment of the decision, UTC")


RECONCILIATION = OpsTable(name="reconciliation", row=FileBalance)
QUARANTINE = OpsTable(name="quarantine", row=RejectedRow, view_columns=("domain", "table", "layer"))
"""Stored beside each bronze, silver and gold table that rejects lines or rows."""
ROW_OUTCOMES = OpsTable(name="outcomes", row=RowOutcome, view_columns=("domain", "table", "layer"))
"""Stored beside each silver table that gives every row of bronze its outcome."""
DATA_QUALITY_LOG = OpsTable(name="data_quality_log", row=CheckResult, key=("day", "check_id"))
MONTHS = OpsTable(name="months", row=ReferenceDateInputs)
AS_OF_DAYS = OpsTable(name="as_of_days", row=AsOfInputs)
CORRECTIONS = OpsTable(name="corrections", row=CorrectionEvent, key=("correction", "step"))
"""Rows are added and never changed, except that an erasure removes a person's values."""
PIPELINE_METRICS = OpsTable(name="pipeline_metrics", row=RunMetric)
ALERT_DECISIONS = OpsTable(name="alert_decisions", row=AlertDecision, key=("day", "decision_id"))
ALERT_QUALITY = OpsTable(name="alert_quality", row=AlertQuality, key=("day", "source", "kind"))
MODELS = OpsTable(name="models", row=ModelVersion, key=("day", "name", "version"))
MODEL_DECISIONS = OpsTable(name="model_decisions", row=ModelDecision, key=("day", "decision_id"))

OPS_TABLES = {
    table.name: table
    for table in (
        DELIVERIES,
        RECONCILIATION,
        QUARANTINE,
        ROW_OUTCOMES,
        DATA_QUALITY_LOG,
        MONTHS,
        AS_OF_DAYS,
        CORRECTIONS,
        PIPELINE_METRICS,
        ALERT_DECISIONS,
        ALERT_QUALITY,
        MODELS,
        MODEL_DECISIONS,
    )
}
"""Tables by their name under ``ops``."""
