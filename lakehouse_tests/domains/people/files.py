"""People files for tests, and the expected rows in plain Python."""

import csv
import io
from collections.abc import Iterable

from lakehouse.demo.files import LandedFile

HEADER = "Index,User Id,First Name,Last Name,Sex,Email,Phone,Date of birth,Job Title"
COLUMNS = tuple(HEADER.split(","))


def row(user_id: str = "00000000abcDEFa", **values: str) -> str:
    """One line of a file; a keyword is a column name with `_` for a blank."""
    given = {
        "Index": "1",
        "User Id": user_id,
        "First Name": "Ana",
        "Last Name": "Sá",
        "Sex": "Female",
        "Email": "ana@example.org",
        "Phone": "001-111-222-3333x4417",
        "Date of birth": "1972-03-04",
        "Job Title": "Teacher, primary school",
    } | {name.replace("_", " "): value for name, value in values.items()}
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow([given[name] for name in COLUMNS])
    return text.getvalue()


def file(*rows: str) -> str:
    """A complete file with these lines."""
    return "\n".join([HEADER, *rows, ""])


def person(number: int) -> str:
    """User id of the person with this number."""
    return f"{number:015x}"


def newest(files: Iterable[LandedFile]) -> dict[str, tuple[str, str, str]]:
    """Path, phone and job title of each person in its newest file, in plain Python.

    The files must be without errors.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for each in sorted(files, key=lambda f: (f.modified_at, f.path.rsplit("/", 1)[1])):
        rows = csv.DictReader(io.StringIO(each.data.decode(), newline=""))
        for values in reversed(list(rows)):
            found[values["User Id"]] = (each.path, values["Phone"], values["Job Title"])
    return found
