"""The dashboard: pages for managers over the published gold tables and the ops tables.

A page is a declaration (`declare`): filters, cards, charts and tables over named queries. It has no
callbacks and no HTML of its own. One layer serves every page:

- `filters` reads the query parameters of a URL; they are the only state of a page.
- `snapshots` opens the published versions of the lake, so that a page's figures belong together.
- `figures` computes cards, `proof` shows where a figure comes from.
- `render` turns rows into components, `shell` is the frame around them, `callbacks` connects both.
- `exports` streams the rows of a page as CSV or XLSX.
- `session` knows who uses the pages.
- `repair`, `repair_view`, `repair_trail` and `repair_callbacks` correct rejected rows.
- `alert_view` and `alert_callbacks` decide about alerts.
- `permissions` checks who may change something; `parts` has what several views draw.
- `server` is the web application.

SQL and data stay on the server: a browser gets the rows that it shows and nothing else. What is
written are the corrected files and the trail of corrections, by `platform.quarantine`, and
decisions about alerts, by `platform.alerts`.
"""
