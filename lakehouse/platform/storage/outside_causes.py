"""Recognize errors whose cause is outside of the data: permissions, disks, networks, credentials.

Such a cause passes or is removed by a person, and the same work then succeeds. Work that failed
for it is therefore tried again without a limit of attempts.
"""

import errno
import re

_CLASSES = frozenset(
    {
        "PermissionError",
        "BlockingIOError",
        "TimeoutError",
        "ConnectionError",
        "ConnectionRefusedError",
        "ConnectionResetError",
        "BrokenPipeError",
        "LandingError",
        "SnapshotError",
        "OperationalError",
        "NoCredentialsError",
        "CredentialRetrievalError",
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ResponseStreamingError",
        "ConnectionClosedError",
        "SSLError",
        "ProxyConnectionError",
    }
)
"""Names of exception classes, as a stored error has the name only."""
_TEXTS = re.compile(
    r"no space left|disk quota exceeded|read-only file system|permission denied"
    r"|operation not permitted|input/output error|stale file handle|too many open files"
    r"|resource temporarily unavailable|transport endpoint|host is down|no route to host"
    r"|network is unreachable|connection (?:re\w+|timed out)|timed? ?out|dns error"
    r"|temporary failure in name resolution|cannot allocate memory"
    r"|access ?denied|forbidden|expired ?token|token (?:has|is) expired|invalidaccesskeyid"
    r"|requesttimetooskewed|signaturedoesnotmatch|invalidobjectstate|slowdown|service ?unavailable"
    r"|error sending request|connection closed|error decoding response"
    r"|no such bucket|nosuchbucket|unable to locate credentials",
    re.IGNORECASE,
)
_LOST = re.compile(
    r"error sending request|connection (?:closed|reset)|error decoding response|timed? ?out"
    r"|slowdown|service ?unavailable",
    re.IGNORECASE,
)
"""A store that did not answer, or was too busy to."""
_NUMBERS = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.ESTALE,
        errno.EAGAIN,
        errno.EBUSY,
        errno.ETXTBSY,
        errno.EMFILE,
        errno.ENFILE,
        errno.ETIMEDOUT,
        errno.ENODEV,
        errno.ENXIO,
        errno.EREMOTEIO,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENOTCONN,
        errno.ENOLCK,
        errno.EDEADLK,
        errno.ELOOP,
    }
)


def is_outside_cause(error: BaseException) -> bool:
    """Return whether an error, or the error behind it, has a cause outside of the data.

    >>> is_outside_cause(PermissionError(13, "Permission denied"))
    True
    >>> is_outside_cause(ValueError("12/13/2026 is not a date"))
    False
    """
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return True
    if is_outside_text(type(error).__name__, str(error)):
        return True
    behind = error.__cause__ or error.__context__
    return behind is not None and is_outside_cause(behind)


def may_have_lost_the_answer(error: BaseException) -> bool:
    """Return whether a request to a store may have been executed although it failed.

    >>> may_have_lost_the_answer(OSError("error sending request for url (http://store/x)"))
    True
    """
    return _LOST.search(str(error)) is not None


def is_outside_text(class_name: str, message: str) -> bool:
    """Return whether the class and the message of a stored error name a cause outside of the data.

    >>> is_outside_text("DeltaError", "write failed: No space left on device (os error 28)")
    True
    """
    return class_name in _CLASSES or _TEXTS.search(message) is not None


def problem_of(error: BaseException) -> str:
    """Return the cause of an error in a few words, without the paths that a library adds."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    answer = getattr(error, "response", None) or {}
    code = answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None
    text = " ".join(str(error).split())
    return str(code or text[:200] or type(error).__name__)
