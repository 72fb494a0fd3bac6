"""Settings come from the environment, of the right type, and secrets are never shown."""

import datetime as dt
from typing import Any

import pytest

from lakehouse.platform.tables.domain_spec import DomainSpec
from lakehouse.platform.tables.domains import all_secrets
from lakehouse.settings import Setting, Settings, SettingsError, platform_settings
from lakehouse_tests.mailbox import LOGIN

DSN = Setting[str | None](name="dsn", default=None, secret=True, meaning="PostgreSQL")
MODE = Setting(name="mode", default="slow", choices=("slow", "fast"), meaning="How")
LIMIT = Setting(name="limit", default=5, meaning="How many")
FILE = Setting(name="file", default="all", pattern="[a-z]+", expected="lower-case", meaning="Name")


def shop(*settings: Setting[Any]) -> DomainSpec:
    return DomainSpec(name="shop", title="Shop", since=dt.date(2026, 1, 1), settings=settings)


SENDER, ANA, RUI = "lake.secret@example.com", "ana.secret@example.com", "rui.secret@example.com"
SHOP = shop(DSN, MODE, LIMIT, FILE)


def test_every_platform_setting_is_read_from_the_variable_of_its_name():
    given = {"LAKEHOUSE_ROOT": " /lake ", "LAKEHOUSE_THREADS": "3", "LAKEHOUSE_MEMORY": ""}
    settings = Settings.from_env(given)
    assert (settings.root, settings.threads, settings.memory) == ("/lake", 3, "1GB")
    assert Settings.from_env({}) == Settings()
    variables = {setting.variable() for setting in platform_settings()}
    assert {"LAKEHOUSE_MEMORY", "LAKEHOUSE_PRIVACY_KEY", "LAKEHOUSE_CDC_LAG_MB"} <= variables


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("LAKEHOUSE_THREADS", "two", "LAKEHOUSE_THREADS is 'two'; expected a whole number"),
        ("LAKEHOUSE_QUIET_SECONDS", "x", "LAKEHOUSE_QUIET_SECONDS is 'x'; expected a number"),
        ("LAKEHOUSE_ENGINE", "duck", "LAKEHOUSE_ENGINE is 'duck'; expected duckdb or spark"),
        ("LAKEHOUSE_TIMEZONE", "Mars", "LAKEHOUSE_TIMEZONE is 'Mars'; expected the name of a"),
    ],
)
def test_a_platform_setting_that_cannot_be_used_is_rejected(variable, text, message):
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({variable: text})
    assert str(raised.value).startswith(message)


def test_a_domain_reads_its_settings_with_their_types():
    settings = Settings.from_env({"LAKEHOUSE_SHOP_LIMIT": "7", "LAKEHOUSE_SHOP_DSN": " host=db "})
    assert SHOP.read(LIMIT, settings) == 7
    assert SHOP.read(DSN, settings) == "host=db"
    assert SHOP.read(MODE, settings) == "slow"
    assert SHOP.value("limit", settings) == 7
    assert SHOP.value("unknown", settings) is None


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("LAKEHOUSE_SHOP_LIMIT", "x", "LAKEHOUSE_SHOP_LIMIT is 'x'; expected a whole number"),
        ("LAKEHOUSE_SHOP_MODE", "quick", "LAKEHOUSE_SHOP_MODE is 'quick'; expected slow or fast"),
        ("LAKEHOUSE_SHOP_FILE", "A B", "LAKEHOUSE_SHOP_FILE is 'A B'; expected lower-case"),
    ],
)
def test_a_domain_setting_that_cannot_be_used_is_rejected(variable, text, message):
    settings = Settings.from_env({variable: text})
    with pytest.raises(SettingsError) as raised:
        SHOP.require_usable(settings)
    assert str(raised.value) == message


def test_secrets_of_domains_are_not_shown_but_known_to_the_mask():
    settings = Settings.from_env(
        {"LAKEHOUSE_SALES_DSN": "host=hidden", "LAKEHOUSE_WEBHOOK": "https://hidden/x"}
    )
    assert "hidden" not in repr(settings)
    assert set(all_secrets(settings)) == {"host=hidden", "https://hidden/x"}


def test_a_secret_that_cannot_be_used_is_rejected_without_its_value():
    secret = Setting(name="pin", default=0, secret=True, meaning="PIN")
    with pytest.raises(SettingsError) as raised:
        shop(secret).read(secret, Settings.from_env({"LAKEHOUSE_SHOP_PIN": "hush"}))
    assert str(raised.value) == "LAKEHOUSE_SHOP_PIN cannot be read; expected a whole number"
    assert raised.value.__cause__ is None


def test_the_address_of_a_database_must_be_declared_secret():
    with pytest.raises(ValueError, match="set secret=True"):
        Setting(name="warehouse_dsn", default=None, meaning="PostgreSQL")


def test_two_settings_cannot_share_a_variable():
    with pytest.raises(ValueError, match="LAKEHOUSE_SHOP_MODE is declared twice"):
        shop(MODE, MODE)
    with pytest.raises(ValueError, match="LAKEHOUSE_MAIL_FROM is declared twice"):
        DomainSpec(
            name="mail",
            title="Mail",
            since=dt.date(2026, 1, 1),
            settings=(Setting(name="from", default="", meaning="…"),),
        )


@pytest.mark.parametrize(
    "given",
    [
        {"LAKEHOUSE_SMTP": "mail.secret.com"},
        {"LAKEHOUSE_SMTP": "http://mail.secret.com"},
        {"LAKEHOUSE_SMTP": "smtp://:25"},
        {"LAKEHOUSE_SMTP": "smtp://secret:0"},
        {"LAKEHOUSE_SMTP": "smtp://secret:99999"},
        {"LAKEHOUSE_SMTP": "smtps://ana:secret/x@mail"},
        {"LAKEHOUSE_SMTP": "smtps://ana:secret#x@mail"},
        {"LAKEHOUSE_SMTP": "smtps://secret@mail"},
        {"LAKEHOUSE_SMTP": "smtps://ana:secret%C3%A9@mail"},  # pragma: allowlist secret
        {"LAKEHOUSE_SMTP": "smtps://ana:secret@mail.a b"},  # pragma: allowlist secret
        {"LAKEHOUSE_SMTP": "smtps://[secret"},
        {"LAKEHOUSE_SMTP": ""},
        {"LAKEHOUSE_MAIL_FROM": ""},
        {"LAKEHOUSE_MAIL_FROM": "secret"},
        {"LAKEHOUSE_MAIL_FROM": "Secret <secret@example.com>"},
        {"LAKEHOUSE_MAIL_TO": ""},
        {"LAKEHOUSE_MAIL_TO": ","},
        {"LAKEHOUSE_MAIL_TO": "ana@example.com, secret"},
        {"LAKEHOUSE_MAIL_TO": "secret@example.com;rui@example.com"},
        {"LAKEHOUSE_MAIL_TO": "secret@example.com\r\nBcc: eve@example.com"},
        {"LAKEHOUSE_MAIL_TO": "sécret@example.com"},
        {"LAKEHOUSE_MAIL_ABOUT": "everything"},
        {"LAKEHOUSE_SNS_TOPIC": "arn:aws:sns:sa-east-1:123456789012:secret.fifo"},
        {"LAKEHOUSE_SNS_TOPIC": "secret"},
    ],
)
def test_a_mail_or_sns_setting_that_cannot_work_is_named_without_its_value(given: dict[str, str]):
    fine = {
        "LAKEHOUSE_SMTP": f"smtp+starttls://{LOGIN}@[::1]:2525/",
        "LAKEHOUSE_MAIL_FROM": SENDER,
        "LAKEHOUSE_MAIL_TO": f" {ANA} , {RUI},",
        "LAKEHOUSE_SNS_TOPIC": "arn:aws-us-gov:sns:us-gov-west-1:123456789012:Falhas_lake-1",
    }
    assert Settings.from_env(fine).recipients == (ANA, RUI)
    (variable,) = given
    with pytest.raises(SettingsError, match=variable) as raised:
        Settings.from_env(fine | given)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
