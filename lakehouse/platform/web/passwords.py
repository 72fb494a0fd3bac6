"""Passwords as scrypt hashes: make one, check one, read the file of logins."""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from lakehouse.platform.web.roles import Role

COST, BLOCK, PARALLEL = 2**15, 8, 3
"""Parameters of scrypt: 32 MB and about 0.2 s of a core for each attempt."""
MOST_MEMORY = 128 * 2**20
"""Bytes that a hash of the file may use; a larger cost is rejected."""
MOST_PARALLEL = 16
SHORTEST = 12
"""Letters of a password at least."""
_NAME = r"[A-Za-z0-9._@-]{1,100}"
_LINE = re.compile(rf"(?P<name>{_NAME}):(?P<hash>[^\s:]+)(?::(?P<role>[a-z]+))?")
_HASH = re.compile(r"scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Account:
    """Hash and role of one person; None without a role."""

    hash: str
    role: Role | None = None


class LoginFileError(ValueError):
    """The file of logins cannot be used; the message names the file, the line and a hint."""


def hashed(password: str) -> str:
    """Return the hash of a password with a random salt.

    Raises:
        ValueError: the password is shorter than `SHORTEST` letters.
    """
    if len(password) < SHORTEST:
        raise ValueError(f"a password needs at least {SHORTEST} letters")
    salt = secrets.token_bytes(16)
    made = _scrypt(password, salt, COST, BLOCK, PARALLEL)
    texts = (base64.b64encode(each).decode("ascii") for each in (salt, made))
    return "$".join(("scrypt", str(COST), str(BLOCK), str(PARALLEL), *texts))


def login_line(name: str, password: str, role: Role | None = None) -> str:
    """Return the line ``name:hash`` or ``name:hash:role`` of a person for the file of logins.

    Raises:
        ValueError: the name has other letters than ASCII letters, digits and ``._@-``, or the
            password is too short.
    """
    if not re.fullmatch(_NAME, name):
        raise ValueError("expected a name of letters, digits, '.', '_', '@' and '-'")
    return f"{name}:{hashed(password)}" + (f":{role.value}" if role else "")


def fits(password: str, stored: str) -> bool:
    """Return whether a password has this hash; the time does not depend on where they differ."""
    found = _HASH.fullmatch(stored)
    if found is None:
        return False
    cost, block, parallel = map(int, found.groups()[:3])
    salt, expected = (base64.b64decode(each) for each in found.groups()[3:])
    return hmac.compare_digest(_scrypt(password, salt, cost, block, parallel), expected)


def read_logins(path: Path) -> dict[str, Account]:
    """Return the accounts of a file with a line ``name:hash`` or ``name:hash:role`` for each.

    Empty lines and lines that start with ``#`` are ignored.

    Raises:
        LoginFileError: the file cannot be read, others may read it, it names nobody, or a line is
            malformed.
    """
    try:
        mode = path.stat().st_mode
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LoginFileError(
            f"the file of logins {path} cannot be read: {getattr(error, 'strerror', error)};"
            " hint: lakehouse password NAME prints a line for it"
        ) from error
    if mode & 0o077:
        raise LoginFileError(
            f"the file of logins {path} can be read or changed by others (mode {mode & 0o777:o});"
            f" hint: chmod 600 {path}"
        )
    logins: dict[str, Account] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or not _usable(found["hash"]):
            raise LoginFileError(
                f"{path}, line {number}: expected name:hash as `lakehouse password NAME` prints it"
            )
        role = found["role"]
        if role is not None and role not in list(Role):
            raise LoginFileError(
                f"{path}, line {number}: the role is {role!r}, expected one of {', '.join(Role)};"
                " hint: lakehouse password NAME --role ROLE"
            )
        logins[found["name"]] = Account(found["hash"], Role(role) if role else None)
    if not logins:
        raise LoginFileError(f"{path} names nobody; hint: lakehouse password NAME prints a line")
    return logins


def _usable(stored: str) -> bool:
    found = _HASH.fullmatch(stored)
    if found is None:
        return False
    cost, block, parallel = map(int, found.groups()[:3])
    small = 0 < 128 * cost * block < MOST_MEMORY and 0 < parallel <= MOST_PARALLEL
    return small and cost > 1 and cost & (cost - 1) == 0


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8"),
        salt=salt,
        n=cost,
        r=block,
        p=parallel,
        maxmem=MOST_MEMORY,
        dklen=32,
    )
