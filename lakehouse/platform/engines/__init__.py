"""Run Ibis expressions on DuckDB or Spark.

- `session`: the interface `Session`, the factory `session`, and SQL with the promised types.
- `duckdb`: the embedded default, in the process of the run; `databases`: used one session after
  the other.
- `spark`: PySpark, chosen by ``LAKEHOUSE_ENGINE=spark``. `spark_files`: its executors write files,
  several of them a large day (`spark_sections`). `spark_s3`: they read S3. `spark_causes`: errors.

Not here: what is computed (`tables`, `transform`) and how results are stored (`storage`).
"""
