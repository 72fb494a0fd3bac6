"""The two files of the pipeline before this one, under the names that the settings give them."""

from lakehouse.platform.serving.exports import Export
from lakehouse.settings import Settings

SETTINGS = Settings.from_env()
COLUMNS = """
    "index" AS "Index", user_id AS "User Id", first_name AS "First Name", last_name AS "Last Name",
    sex AS "Sex", email AS "Email", phone AS "Phone",
    strftime(date_of_birth, '%Y-%m-%d') AS "Date of birth", job_title AS "Job Title"
"""

EXPORTS = (
    Export(
        name="silver",
        path=f"data/silver/{SETTINGS.people_filename_silver}.parquet",
        sql=f"""
            SELECT {COLUMNS}, file, "row" FROM silver.people_people_all ORDER BY day, file, "row"
        """,  # noqa: S608  columns are fixed
    ),
    Export(
        name="gold",
        path=f"data/gold/{SETTINGS.people_filename_gold}.parquet",
        sql=f"""
            SELECT {COLUMNS} FROM gold.people_people_without_duplicates ORDER BY user_id
        """,  # noqa: S608  columns are fixed
    ),
)
