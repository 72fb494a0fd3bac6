"""Settings: variables of the environment, read once into one typed object.

A `Setting` declares one variable: name, type, default, meaning and accepted values. The platform's
settings are the fields of `Settings`. A domain declares its own in `DomainSpec(settings=(…))`;
`Settings` carries their text and `DomainSpec.read` gives the typed value. `docs/settings.md` is
generated from both.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from lakehouse.locations import LocationError, location, unquoted

PREFIX = "LAKEHOUSE_"
OTHER_VARIABLES = {
    "LAKEHOUSE_DEBUG": "`1` shows the traceback of an error on the command line",
    "LAKEHOUSE_DAGSTER_DSN": "PostgreSQL of Dagster's run records, read by deploy/dagster-s3.yaml"
    " (secret: never shown)",
    "LAKEHOUSE_LOG_BUCKET": "S3 bucket of the runs' logs, read by deploy/dagster-s3.yaml",
}
"""Variables that are read elsewhere, with their meaning."""
INTERNAL_VARIABLES = (
    "LAKEHOUSE_CHAOS",
    "LAKEHOUSE_CODE_FACTS",
    "LAKEHOUSE_FAILPOINT",
    "LAKEHOUSE_LIFELINE",
    "LAKEHOUSE_SCREENSHOTS",
)
"""Variables for tests of this project; not documented for users."""

ENGINES = ("duckdb", "spark")
RUNTIMES = ("local", "stock")
LOG_FORMATS = ("text", "json")
MAILED = ("errors", "all")
MAIL_SCHEMES = ("smtp", "smtp+starttls", "smtps")
MAIL_ADDRESS = r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
SNS_TOPIC = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}"

_NOT_IN_SQLITE_URLS = frozenset("?%")

T = TypeVar("T")


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message names the variable and what fits."""


@dataclass(frozen=True, kw_only=True)
class Setting(Generic[T]):
    """One variable of the environment.

    Args:
        name: lower-case. The variable is ``LAKEHOUSE_<NAME>`` for the platform and
            ``LAKEHOUSE_<DOMAIN>_<NAME>`` for a domain.
        default: value when the variable is not set or empty. Its type is the type of the setting;
            None stands for an optional text.
        meaning: one phrase for `docs/settings.md`.
        secret: the value is never shown, neither in `repr` nor in messages.
        choices: the only accepted values.
        pattern: regular expression (ASCII) that the text must match from start to end.
        expected: what `pattern` accepts, in words, for the error message.
        is_location: the value is a folder or a prefix of an S3 bucket, see `location`.
        verbatim: quotes around the value belong to it; otherwise they are removed.

    Raises:
        ValueError: the name is malformed, or the address of a database is not declared secret.
    """

    name: str
    default: T
    meaning: str
    secret: bool = False
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    expected: str = ""
    is_location: bool = False
    verbatim: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"setting {self.name!r}: use lower-case letters, digits and _")
        if self.is_database and not self.secret:
            raise ValueError(f"setting {self.name!r} holds a database address: set secret=True")

    @property
    def is_database(self) -> bool:
        """Whether the value is the address of a PostgreSQL database: ``dsn`` or ``…_dsn``."""
        return self.name == "dsn" or self.name.endswith("_dsn")

    def variable(self, domain: str | None = None) -> str:
        """Return the name of the environment variable.

        >>> Setting(name="dsn", default=None, meaning="…", secret=True).variable("shop")
        'LAKEHOUSE_SHOP_DSN'
        """
        return PREFIX + "_".join(filter(None, (domain, self.name))).upper()

    def parse(self, text: str, variable: str) -> T:
        """Return the typed value of a variable's text; the default when the text is blank.

        Raises:
            SettingsError: the text has another type, or is not an accepted value.
        """
        text = text.strip() if self.verbatim else unquoted(text)
        if not text:
            return self.default
        if self.is_location:
            text = usable_location(text, variable)
        kind: Any = str if self.default is None else type(self.default)
        try:
            value: T = kind(text)
        except ValueError:
            shown = "cannot be read" if self.secret else f"is {text!r}"
            expected = {int: "a whole number", float: "a number"}.get(kind, kind.__name__)
            raise SettingsError(f"{variable} {shown}; expected {expected}") from None
        self.require_accepted(value, variable)
        return value

    def require_accepted(self, value: T, variable: str) -> None:
        """Raise `SettingsError` when `choices` or `pattern` exclude the value."""
        shown = "cannot be used" if self.secret else f"is {value!r}"
        if self.choices and value not in self.choices:
            raise SettingsError(f"{variable} {shown}; expected {' or '.join(self.choices)}")
        if self.is_location:
            usable_location(str(value), variable)
        if self.pattern and value and not re.fullmatch(self.pattern, str(value), re.ASCII):
            raise SettingsError(f"{variable} {shown}; expected {self.expected}")


def _setting(default: Any, meaning: str, **more: Any) -> Any:
    """Declare a field of `Settings`; `platform_settings` returns it as a `Setting`."""
    about = {"meaning": meaning, **more}
    return field(default=default, repr=not more.get("secret"), metadata=about)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The platform's settings, and the text of the variables that domains declare.

    Raises:
        SettingsError: a value cannot be used.
    """

    root: str = _setting(
        "data/lake",
        "Lake root: a local folder (`~` is the home folder), `file:///folder` or `s3://bucket/prefix`",
        is_location=True,
    )
    landing: str = _setting(
        "data/landing",
        "Landing zone: an existing local folder, `file:///folder` or `s3://bucket/prefix`",
        is_location=True,
    )
    engine: str = _setting("duckdb", "`duckdb` (embedded) or `spark`", choices=ENGINES)
    spark_master: str = _setting("local[2]", "Spark master URL")
    spark_min_rows: int = _setting(
        10_000_000,
        "Upstream rows from which a run computes a table on Spark, and delivered rows from which"
        " executors ingest files; with less, it is done in the process of the run, by DuckDB where"
        " it is a table. 0 does everything on Spark",
        pattern=r"[0-9]+",
        expected="a whole number, 0 or more",
    )
    memory: str = _setting("1GB", "Memory limit of the embedded engine")
    sql_seconds: float = _setting(
        600.0, "Seconds after which a query of `lakehouse sql` is stopped"
    )
    sql_rows: int = _setting(10_000_000, "Most rows of a query of `lakehouse sql`")
    sql_spill: str = _setting(
        "10GB",
        "Most disk that a query of `lakehouse sql` uses for what does not fit into memory",
        pattern=r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B",
        expected="a size such as 500MB or 10GB",
    )
    threads: int = _setting(0, "Threads of the engine; 0 uses every core")
    chunk_rows: int = _setting(1_000_000, "Input rows of a table that are processed at once")
    file_mb: float = _setting(
        128.0,
        "Size of a file, in MiB, from which a day of a table gets a further file",
        pattern=r"(?=.*[1-9])[0-9].*",
        expected="a number greater than 0",
    )
    timezone: str = _setting("America/Sao_Paulo", "Time zone of days and schedules")
    extract_seconds: int = _setting(
        60, "Seconds between two evaluations of an extraction sensor, at least"
    )
    cdc_lag_mb: int = _setting(
        512, "Megabytes of write-ahead log by which a replication slot may lag before an alert"
    )
    slack_webhook: str | None = _setting(
        None, "Slack webhook that receives the messages", secret=True
    )
    webhook: str | None = _setting(
        None, 'URL that receives the messages as JSON `{"text": …}`', secret=True
    )
    smtp: str | None = _setting(
        None,
        "Mail server: `smtps://$USER:$PASSWORD@host`, `smtp+starttls://…` or, without encryption,"
        " `smtp://…`",
        secret=True,
    )
    mail_from: str | None = _setting(
        None,
        "Sender address of mail",
        secret=True,
        pattern=MAIL_ADDRESS,
        expected="an address such as lakehouse@example.com",
    )
    mail_to: str | None = _setting(
        None, "Recipient addresses of mail, separated by commas", secret=True
    )
    mail_about: str = _setting(
        "errors", "Which messages are mailed: `errors` or `all`", choices=MAILED
    )
    error_label: str = _setting(
        "Erro", "Word before the subject of mail and SNS messages about an error"
    )
    sns_topic: str | None = _setting(
        None,
        "ARN of the Amazon SNS topic that receives the messages",
        secret=True,
        pattern=SNS_TOPIC,
        expected="the ARN of a standard topic: arn:aws:sns:region:account:name",
    )
    notify_attempts: int = _setting(3, "Attempts to send a message before giving up")
    notify_timeout: float = _setting(5.0, "Seconds to wait for the answer of a message's receiver")
    notify_metrics: int = _setting(0, "1 adds a message with the figures of each run")
    max_file_mb: int = _setting(1024, "Largest file that is ingested, in uncompressed megabytes")
    quiet_seconds: float = _setting(
        1.0, "A file changed within this many seconds may still be growing and is not read yet"
    )
    sensor_seconds: int = _setting(
        2, "Seconds between two evaluations of the landing zone's sensors, at least"
    )
    batch_days: int = _setting(400, "Most days in one arrival run")
    batch_files: int = _setting(50_000, "Most landed files in one arrival run")
    recent_days: int = _setting(10, "Delivery days that every sensor evaluation lists")
    sweep_files: int = _setting(2_000, "Files of older days that one sensor evaluation lists")
    check_files: int = _setting(
        200,
        "Known files whose bytes are compared with the landing zone each minute by the sensor, and"
        " by each `lakehouse ingest`, in turn; 0 turns it off",
    )
    attempts: int = _setting(3, "Runs that are requested for the same files before only alerting")
    deadline_hours: float = _setting(
        30.0, "Hours after the start of a day when its delivery is overdue"
    )
    silence_days: int = _setting(
        3_650,
        "Days back from today on which a day without any run is computed once it is over, so that"
        " units without a delivery are visible; 0 turns it off",
    )
    privacy_key: str | None = _setting(
        None,
        "Key of the marks that replace erased persons; without it, a key is created in the lake",
        secret=True,
        verbatim=True,
    )
    privacy_key_file: str | None = _setting(
        None,
        "Local file of that key instead, outside of the lake; it is created if it does not exist",
        pattern=r"/.+",
        expected="an absolute path such as /etc/lakehouse/privacy.key",
    )
    history_days: int = _setting(30, "Days that `lakehouse vacuum` keeps old table versions")
    runtime: str = _setting(
        "local",
        "`local` (pooled SQLite storage, preloaded workers) or `stock` (Dagster's own storage,"
        " launcher and daemon)",
        choices=RUNTIMES,
    )
    host: str = _setting("127.0.0.1", "Address that the web server listens on")
    port: int = _setting(3000, "Port of the web server")
    dashboard_port: int = _setting(
        8050, "Port of the dashboard that `lakehouse up` serves; 0 leaves it out"
    )
    dashboard_url: str | None = _setting(
        None,
        "Address under which readers of messages open the dashboard, for links such as those of"
        " alerts",
        pattern=r"https?://[^\s?#]+",
        expected="an address such as https://lake.example.com",
    )
    log_format: str = _setting(
        "text", "Logs of the services: `text` or `json` (one object per line)", choices=LOG_FORMATS
    )
    hosts: str | None = _setting(
        None,
        "Names under which the web server is reached, separated by commas, besides `localhost` and"
        " LAKEHOUSE_HOST; requests to another name are rejected",
    )
    logins: str | None = _setting(
        None,
        "File of those who may use the web pages, a line for each as `lakehouse password NAME"
        " --role ROLE` prints it",
    )
    login_header: str | None = _setting(
        None,
        "Header in which a proxy names the person who is logged in",
        pattern=r"[A-Za-z][A-Za-z0-9-]*",
        expected="the name of a header such as X-Forwarded-User",
    )
    login_role_header: str | None = _setting(
        None,
        "Header in which that proxy names the person's role: `leitor`, `operador` or `privacidade`;"
        " without it everybody is `leitor` on the dashboard",
        pattern=r"[A-Za-z][A-Za-z0-9-]*",
        expected="the name of a header such as X-Forwarded-Role",
    )
    login_proxies: str | None = _setting(
        None, "Addresses of that proxy, separated by commas, such as `10.0.0.5, 10.1.0.0/24`"
    )

    domain_variables: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    """Text of every ``LAKEHOUSE_…`` variable that is not one of the platform's."""

    def __post_init__(self) -> None:
        for setting in platform_settings():
            setting.require_accepted(getattr(self, setting.name), setting.variable())
        _require_usable_mail(self)
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise SettingsError(
                f"LAKEHOUSE_TIMEZONE is {self.timezone!r}; expected the name of a time zone such as"
                " America/Sao_Paulo"
            ) from error

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment.

        Raises:
            SettingsError: a value cannot be used.
        """
        environ = os.environ if environ is None else environ
        platform = {setting.variable(): setting for setting in platform_settings()}
        values = {
            setting.name: setting.parse(environ.get(variable, ""), variable)
            for variable, setting in platform.items()
        }
        others = {
            variable: text
            for variable, text in environ.items()
            if variable.startswith(PREFIX) and variable not in platform
        }
        return cls(**values, domain_variables=others)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Addresses that mail is sent to, each once."""
        parts = (part.strip() for part in (self.mail_to or "").split(","))
        return tuple(dict.fromkeys(filter(None, parts)))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts of the platform's secret settings that must never be shown."""
        values = (getattr(self, each.name) for each in platform_settings() if each.secret)
        return tuple(filter(None, (*values, *self.recipients)))

    @property
    def uses_s3(self) -> bool:
        """Whether the lake is on S3, so that the engine needs credentials."""
        return self.root.startswith("s3://")

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of days and schedules."""
        return ZoneInfo(self.timezone)

    @property
    def home(self) -> Path:
        """Dagster's home folder: ``DAGSTER_HOME``, else ``data/dagster``.

        Raises:
            SettingsError: the variable does not name a local folder, or its path has letters with
                which Dagster cannot name its SQLite files.
        """
        text = unquoted(os.environ.get("DAGSTER_HOME", "")) or "data/dagster"
        home = Path(usable_location(text, "DAGSTER_HOME", s3=False)).absolute()
        if found := sorted(_NOT_IN_SQLITE_URLS & set(str(home))):
            raise SettingsError(
                f"DAGSTER_HOME is {str(home)!r}: Dagster cannot store its records in a folder whose"
                f" path contains {' or '.join(found)}; hint: set DAGSTER_HOME to another folder"
            )
        return home


def usable_location(text: str, variable: str, *, s3: bool = True) -> str:
    """Return the folder or S3 prefix that a variable names.

    Raises:
        SettingsError: the text names neither.
    """
    try:
        return location(text, s3=s3)
    except LocationError as error:
        raise SettingsError(f"{variable} is {text!r}: it {error}") from None


def platform_settings() -> tuple[Setting[Any], ...]:
    """Return the declarations of the platform's settings."""
    return tuple(
        Setting(name=each.name, default=each.default, **each.metadata)
        for each in fields(Settings)
        if each.metadata
    )


def _require_usable_mail(settings: Settings) -> None:
    """Raise `SettingsError` when mail cannot be sent; never show addresses or passwords."""
    given = {
        "LAKEHOUSE_SMTP": settings.smtp,
        "LAKEHOUSE_MAIL_FROM": settings.mail_from,
        "LAKEHOUSE_MAIL_TO": settings.mail_to,
    }
    missing = [variable for variable, value in given.items() if not value]
    if len(missing) == len(given):
        return
    if missing:
        raise SettingsError(
            f"{' and '.join(missing)} must be set too: mail needs {', '.join(given)}"
        )
    if not _is_mail_server(settings.smtp or ""):
        raise SettingsError(
            "LAKEHOUSE_SMTP is not the URL of a mail server; expected"
            " smtp+starttls://$USER:$PASSWORD@host, in the password %40 for @, %2F for / and"
            " %3A for :"
        )
    for number, address in enumerate(settings.recipients or ("",), start=1):
        if not re.fullmatch(MAIL_ADDRESS, address, re.ASCII):
            raise SettingsError(
                f"LAKEHOUSE_MAIL_TO: entry {number} is not an address; expected a list such as"
                " ana@example.com, rui@example.com"
            )


def _is_mail_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in MAIL_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    login = unquote(f"{parts.username or ''}:{parts.password or ''}")
    return (
        usable
        and not re.search(r"\s", url)
        and parts.path in ("", "/")
        and not parts.query
        and not parts.fragment
        and bool(parts.username) == bool(parts.password)
        and login.isascii()
    )
