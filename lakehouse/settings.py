"""What the environment decides, as one typed value.

Every setting has a default for a laptop; `docs/settings.md` is made from the table below.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

ENGINES = ("duckdb", "spark")
RUNTIMES = ("local", "stock")
EXTRACTIONS = ("incremental", "cdc")
MAILED = ("errors", "all")
MAIL_SCHEMES = ("smtp", "smtp+starttls", "smtps")
MAIL_ADDRESS = r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
SNS_TOPIC = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}"


class SettingsError(ValueError):
    """A setting cannot be used; the message names the variable and what it may be."""


def _setting(variable: str, default: Any, meaning: str, *, secret: bool = False) -> Any:
    about = {"variable": variable, "meaning": meaning, "secret": secret}
    return field(default=default, repr=not secret, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the lake and the landing zone lie, which engine works, and the limits of both."""

    root: str = _setting(
        "LAKEHOUSE_ROOT", "data/lake", "Lake root: a local folder or an `s3://bucket/prefix` URI"
    )
    landing: str = _setting(
        "LAKEHOUSE_LANDING", "data/landing", "Landing zone: a local folder or an `s3://` URI"
    )
    engine: str = _setting("LAKEHOUSE_ENGINE", "duckdb", "`duckdb` (embedded) or `spark`")
    spark_master: str = _setting("LAKEHOUSE_SPARK_MASTER", "local[2]", "Spark master URL")
    memory_limit: str = _setting("LAKEHOUSE_MEMORY", "1GB", "Memory of the embedded engine")
    threads: int = _setting("LAKEHOUSE_THREADS", 0, "Threads of the engine; 0 takes every core")
    chunk_rows: int = _setting(
        "LAKEHOUSE_CHUNK_ROWS", 1_000_000, "Input rows of a table that are worked on at once"
    )
    timezone: str = _setting(
        "LAKEHOUSE_TIMEZONE", "America/Sao_Paulo", "Time zone of days and schedules"
    )
    mrhealth_dsn: str | None = _setting(
        "LAKEHOUSE_MRHEALTH_DSN",
        None,
        "PostgreSQL with Mr. Health's reference tables; CSV files when not set",
        secret=True,
    )
    bikes_warehouse_dsn: str | None = _setting(
        "LAKEHOUSE_BIKES_WAREHOUSE_DSN",
        None,
        "PostgreSQL that `lakehouse warehouse load bikes` fills",
        secret=True,
    )
    sales_dsn: str | None = _setting(
        "LAKEHOUSE_SALES_DSN",
        None,
        "PostgreSQL with the legacy table of sales, to extract from; CSV files when not set",
        secret=True,
    )
    sales_extraction: str = _setting(
        "LAKEHOUSE_SALES_EXTRACTION", "incremental", "How sales are extracted: `incremental`, `cdc`"
    )
    extract_seconds: int = _setting(
        "LAKEHOUSE_EXTRACT_SECONDS", 60, "Least time between two looks at a legacy database"
    )
    cdc_lag_mb: int = _setting(
        "LAKEHOUSE_CDC_LAG_MB", 512, "Megabytes of log a slot may be behind before the alert"
    )
    people_filename_silver: str = _setting(
        "LAKEHOUSE_PEOPLE_FILENAME_SILVER",
        "people_all",
        "Name of the exported file of all people, without `.parquet`",
    )
    people_filename_gold: str = _setting(
        "LAKEHOUSE_PEOPLE_FILENAME_GOLD",
        "people_without_duplicates",
        "Name of the exported file of people without duplicates, without `.parquet`",
    )
    slack_webhook: str | None = _setting(
        "LAKEHOUSE_SLACK_WEBHOOK", None, "Slack webhook that messages are posted to", secret=True
    )
    webhook: str | None = _setting(
        "LAKEHOUSE_WEBHOOK",
        None,
        'Any address that messages are posted to as JSON `{"text": …}`',
        secret=True,
    )
    smtp: str | None = _setting(
        "LAKEHOUSE_SMTP",
        None,
        "Mail server: `smtps://$USER:$PASSWORD@host`, `smtp+starttls://…` or, without encryption,"
        " `smtp://…`",
        secret=True,
    )
    mail_from: str | None = _setting(
        "LAKEHOUSE_MAIL_FROM", None, "Address that mail is sent from", secret=True
    )
    mail_to: str | None = _setting(
        "LAKEHOUSE_MAIL_TO", None, "Addresses that mail is sent to, with commas", secret=True
    )
    mail_about: str = _setting("LAKEHOUSE_MAIL_ABOUT", "errors", "What is mailed: `errors`, `all`")
    sns_topic: str | None = _setting(
        "LAKEHOUSE_SNS_TOPIC",
        None,
        "ARN of the Amazon SNS topic that messages are published to",
        secret=True,
    )
    notify_attempts: int = _setting(
        "LAKEHOUSE_NOTIFY_ATTEMPTS", 3, "How often a message is sent before it is given up"
    )
    notify_timeout: float = _setting(
        "LAKEHOUSE_NOTIFY_TIMEOUT", 5.0, "Seconds that a receiver of messages has for an answer"
    )
    notify_metrics: int = _setting(
        "LAKEHOUSE_NOTIFY_METRICS", 0, "1 adds a message with the figures of each run"
    )
    max_file_mb: int = _setting(
        "LAKEHOUSE_MAX_FILE_MB", 1024, "Largest landed file that is read, unpacked, in megabytes"
    )
    quiet_seconds: float = _setting(
        "LAKEHOUSE_QUIET_SECONDS", 1.0, "A file changed more recently than this is left alone"
    )
    sensor_seconds: int = _setting(
        "LAKEHOUSE_SENSOR_SECONDS", 2, "Least time between two looks at the landing zone"
    )
    batch_days: int = _setting("LAKEHOUSE_BATCH_DAYS", 400, "Most days in one arrival run")
    batch_files: int = _setting(
        "LAKEHOUSE_BATCH_FILES", 50_000, "Most landed files in one arrival run"
    )
    recent_days: int = _setting(
        "LAKEHOUSE_RECENT_DAYS", 10, "Delivery days that every sensor tick looks at"
    )
    sweep_files: int = _setting(
        "LAKEHOUSE_SWEEP_FILES", 2_000, "Files of older days that a tick looks at, in turn"
    )
    attempts: int = _setting(
        "LAKEHOUSE_ATTEMPTS", 3, "How often the same files are tried before only alerting"
    )
    deadline_hours: float = _setting(
        "LAKEHOUSE_DEADLINE_HOURS", 30.0, "Hours after a day's start when its delivery is overdue"
    )
    privacy_key: str | None = _setting(
        "LAKEHOUSE_PRIVACY_KEY",
        None,
        "Key of the marks that stand for erased persons; made and kept in the lake when not set",
        secret=True,
    )
    history_days: int = _setting(
        "LAKEHOUSE_HISTORY_DAYS", 30, "Days that old table versions are kept by `lakehouse vacuum`"
    )
    runtime: str = _setting(
        "LAKEHOUSE_RUNTIME",
        "local",
        "`local` (pooled SQLite storage, preloaded workers) or `stock` (Dagster's own storage,"
        " launcher and daemon)",
    )
    host: str = _setting("LAKEHOUSE_HOST", "127.0.0.1", "Address the web server listens on")
    port: int = _setting("LAKEHOUSE_PORT", 3000, "Port of the web server")

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise SettingsError(
                f"LAKEHOUSE_ENGINE is {self.engine!r}; it may be {' or '.join(ENGINES)}"
            )
        if self.runtime not in RUNTIMES:
            raise SettingsError(
                f"LAKEHOUSE_RUNTIME is {self.runtime!r}; it may be {' or '.join(RUNTIMES)}"
            )
        for variable, name in (
            ("LAKEHOUSE_PEOPLE_FILENAME_SILVER", self.people_filename_silver),
            ("LAKEHOUSE_PEOPLE_FILENAME_GOLD", self.people_filename_gold),
        ):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
                raise SettingsError(
                    f"{variable} is {name!r}; a file name has letters, digits, '.', '_' and '-'"
                )
        if self.sales_extraction not in EXTRACTIONS:
            raise SettingsError(
                f"LAKEHOUSE_SALES_EXTRACTION is {self.sales_extraction!r};"
                f" it may be {' or '.join(EXTRACTIONS)}"
            )
        _require_usable_mail(self)
        if self.sns_topic and not re.fullmatch(SNS_TOPIC, self.sns_topic):
            raise SettingsError(
                "LAKEHOUSE_SNS_TOPIC is no ARN of a standard topic;"
                " write arn:aws:sns:region:account:name"
            )
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise SettingsError(
                f"LAKEHOUSE_TIMEZONE is {self.timezone!r}, no time zone;"
                " use a name such as America/Sao_Paulo"
            ) from error

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment.

        Raises:
            SettingsError: a value cannot be read; names the variable.
        """
        environ = os.environ if environ is None else environ
        given: dict[str, Any] = {}
        for setting in fields(cls):
            variable = setting.metadata["variable"]
            text = environ.get(variable, "").strip()
            if text:
                kind = type(setting.default) if setting.default is not None else str
                given[setting.name] = _read(variable, text, kind)
        return cls(**given)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses that mail is sent to, each once."""
        parts = (part.strip() for part in (self.mail_to or "").split(","))
        return tuple(dict.fromkeys(filter(None, parts)))

    @property
    def uses_s3(self) -> bool:
        """Whether the lake is on S3, so that the engine needs credentials."""
        return self.root.startswith("s3://")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that days are counted in."""
        return ZoneInfo(self.timezone)

    @property
    def home(self) -> Path:
        """Dagster's home folder (``DAGSTER_HOME``, else beside the lake)."""
        return Path(os.environ.get("DAGSTER_HOME") or "data/dagster").absolute()


def _require_usable_mail(settings: Settings) -> None:
    """Raise when mail cannot be sent as it is set; addresses and passwords are never named."""
    if settings.mail_about not in MAILED:
        raise SettingsError(
            f"LAKEHOUSE_MAIL_ABOUT is {settings.mail_about!r}; it may be {' or '.join(MAILED)}"
        )
    given = {
        "LAKEHOUSE_SMTP": settings.smtp,
        "LAKEHOUSE_MAIL_FROM": settings.mail_from,
        "LAKEHOUSE_MAIL_TO": settings.mail_to,
    }
    missing = [variable for variable, value in given.items() if not value]
    if missing:
        if len(missing) < len(given):
            raise SettingsError(
                f"{' and '.join(missing)} must be set too: mail needs {', '.join(given)}"
            )
        return
    if not _is_mail_server(settings.smtp or ""):
        raise SettingsError(
            "LAKEHOUSE_SMTP is no mail server; write smtp+starttls://$USER:$PASSWORD@host, in the"
            " password %40 for @, %2F for / and %3A for :"
        )
    if not re.fullmatch(MAIL_ADDRESS, settings.mail_from or "", re.ASCII):
        raise SettingsError("LAKEHOUSE_MAIL_FROM is no address; write lakehouse@example.com")
    for place, address in enumerate(settings.recipients or ("",), start=1):
        if not re.fullmatch(MAIL_ADDRESS, address, re.ASCII):
            raise SettingsError(
                f"LAKEHOUSE_MAIL_TO: number {place} is no address;"
                " write ana@example.com, rui@example.com"
            )


def _is_mail_server(url: str) -> bool:
    try:
        place = urlsplit(url)
        usable = place.scheme in MAIL_SCHEMES and bool(place.hostname) and place.port != 0
    except ValueError:
        return False
    login = unquote(f"{place.username or ''}:{place.password or ''}")
    return (
        usable
        and not re.search(r"\s", url)
        and place.path in ("", "/")
        and not place.query
        and not place.fragment
        and bool(place.username) == bool(place.password)
        and login.isascii()
    )


def _read(variable: str, text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise SettingsError(f"{variable} is {text!r}; expected {kind.__name__}") from error
