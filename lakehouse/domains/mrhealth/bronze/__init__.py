"""Bronze tables of Mr. Health that do not follow from a source."""
