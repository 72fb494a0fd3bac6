"""Links of messages to the pages of the dashboard."""

from urllib.parse import urlencode

from lakehouse.settings import Settings

ALERTS, FORECAST, PIPELINE, QUALITY = "/alertas", "/previsao", "/pipeline", "/qualidade"
"""Pages of the dashboard; their addresses are public names (docs/dashboard.md)."""


def link(settings: Settings, page: str, **filters: object) -> str:
    """Return the address of a page with its filters; nothing without a public address.

    Args:
        settings: name the public address of the dashboard.
        page: path of the page.
        filters: query parameters; those that are None are left out.

    >>> there = Settings(dashboard_url="https://lake.example.com/")
    >>> link(there, ALERTS, busca="volume-u7-20260305")
    'https://lake.example.com/alertas?busca=volume-u7-20260305'
    >>> link(Settings(), ALERTS)
    ''
    """
    if not settings.dashboard_url:
        return ""
    query = urlencode({name: value for name, value in filters.items() if value is not None})
    return settings.dashboard_url.rstrip("/") + page + (f"?{query}" if query else "")
