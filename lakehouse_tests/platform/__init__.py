"""Each module of the platform; storage on disk and on S3."""
