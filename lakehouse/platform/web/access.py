"""Which access the settings allow: names of the server, login, and the address to listen on."""

import ipaddress
from pathlib import Path

from lakehouse.platform.web.guard import Login, Policy, names_of
from lakehouse.platform.web.logins import PasswordLogin, ProxyLogin
from lakehouse.platform.web.passwords import LoginFileError, read_logins
from lakehouse.settings import Settings, SettingsError


def policy_of(settings: Settings, host: str) -> Policy:
    """Return what the guard admits when the server listens on `host`.

    Raises:
        SettingsError: `host` is not a loopback address and no login is set, or a setting of the
            login cannot be used.
    """
    login = _login(settings)
    if login is None and not is_loopback(host):
        raise SettingsError(
            f"The web server would listen on {host} without a login, so that everybody who reaches"
            " this address could start runs. hint: set LAKEHOUSE_LOGINS or LAKEHOUSE_LOGIN_HEADER"
            " (docs/deploy.md), or LAKEHOUSE_HOST=127.0.0.1"
        )
    return Policy(hosts=names_of(host, _parts(settings.hosts)), login=login)


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.2", "::1", "0.0.0.0", "lake")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _login(settings: Settings) -> Login | None:
    if settings.logins and settings.login_header:
        raise SettingsError("set LAKEHOUSE_LOGINS or LAKEHOUSE_LOGIN_HEADER, not both")
    if settings.logins:
        try:
            return PasswordLogin(read_logins(Path(settings.logins)))
        except LoginFileError as error:
            raise SettingsError(f"LAKEHOUSE_LOGINS: {error}") from error
    proxies = _parts(settings.login_proxies)
    if settings.login_role_header and not settings.login_header:
        raise SettingsError("LAKEHOUSE_LOGIN_ROLE_HEADER needs LAKEHOUSE_LOGIN_HEADER")
    if bool(settings.login_header) != bool(proxies):
        raise SettingsError(
            "LAKEHOUSE_LOGIN_HEADER and LAKEHOUSE_LOGIN_PROXIES must be set together: the header"
            " is trusted from these addresses alone"
        )
    if not settings.login_header:
        return None
    try:
        return ProxyLogin(settings.login_header, proxies, settings.login_role_header)
    except ValueError as error:
        raise SettingsError(
            f"LAKEHOUSE_LOGIN_PROXIES: {error}; expected addresses such as 10.0.0.5, 10.1.0.0/24"
        ) from error


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in (text or "").split(","))))
