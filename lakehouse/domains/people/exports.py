"""The two exported files of the previous pipeline; settings of the domain give their names."""

from lakehouse.domains.people import FILENAME_GOLD, FILENAME_SILVER, SPEC
from lakehouse.platform.serving.exports import Export
from lakehouse.settings import Settings

COLUMNS = """
    "index" AS "Index", user_id AS "User Id", first_name AS "First Name", last_name AS "Last Name",
    sex AS "Sex", email AS "Email", phone AS "Phone",
    strftime(date_of_birth, '%Y-%m-%d') AS "Date of birth", job_title AS "Job Title"
"""


def exports(settings: Settings) -> tuple[Export, ...]:
    """Return both exports under the file names of the settings."""
    return (
        Export(
            name="silver",
            path=f"data/silver/{SPEC.read(FILENAME_SILVER, settings)}.parquet",
            sql=f"""
                SELECT {COLUMNS}, file, "row" FROM silver.people_people_all
                ORDER BY day, file, "row"
            """,  # noqa: S608  columns are fixed
        ),
        Export(
            name="gold",
            path=f"data/gold/{SPEC.read(FILENAME_GOLD, settings)}.parquet",
            sql=f"""
                SELECT {COLUMNS} FROM gold.people_people_without_duplicates ORDER BY user_id
            """,  # noqa: S608  columns are fixed
        ),
    )
