"""What a request that changes something must prove: the role and the token of the session."""

from lakehouse.dashboard.session import person
from lakehouse.dashboard.words import Words
from lakehouse.platform.web.limits import Limit
from lakehouse.platform.web.roles import Person
from lakehouse.platform.web.sessions import Sessions

LONGEST = 500
"""Letters of a text that a person writes."""
FORGED = Words(
    "O pedido não veio desta página. Carregue a página de novo.",
    "The request did not come from this page. Load the page again.",
)


class Denied(Exception):
    """A request that the person may not make."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


def operator(sessions: Sessions, token: object, role: Words) -> Person:
    """Return the person of a request that changes something.

    Args:
        sessions: know the tokens.
        token: what the request repeats.
        role: what to say when the role does not allow it.

    Raises:
        Denied: the role or the token does not allow it.
    """
    who = person()
    if not who.may_correct:
        raise Denied(role)
    if not sessions.has_token(who, token):
        raise Denied(FORGED)
    return who


def require_seldom(limit: Limit, who: Person, often: Words) -> None:
    """Count a request of a person.

    Raises:
        Denied: there were too many.
    """
    if not limit.count(who.name):
        raise Denied(often)


def one_line(text: object) -> str:
    r"""Return what a person wrote on one line, without control characters and not too long.

    >>> one_line("  obra \n na\x00 rua "), one_line(None)
    ('obra na rua', '')
    """
    shown = " ".join(str(text or "").split())[:LONGEST]
    return "".join(letter for letter in shown if letter.isprintable())
