"""Reason codes of a rejected row, joined into one text while the row is computed."""

REASON_SEPARATOR = ","


def split_reasons(text: str) -> list[str]:
    """Return the codes in a text made by `join_reasons`.

    >>> split_reasons("bad_date,bad_status,")
    ['bad_date', 'bad_status']
    """
    return [code for code in text.split(REASON_SEPARATOR) if code]
