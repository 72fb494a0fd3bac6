"""A store or disk that is away is reported once, over the channels, and never per domain."""

from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from lakehouse.platform.notifications.run_messages import MessageTemplates
from lakehouse.platform.orchestration import outages as module
from lakehouse.platform.orchestration.outages import Outages
from lakehouse.settings import Settings
from lakehouse_tests.receiver import receiver

AWAY = EndpointConnectionError(endpoint_url="http://127.0.0.1:1/lake?list-type=2")


def test_an_outage_is_one_message_with_a_hint_for_all_domains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with receiver() as hook:
        settings = Settings(root=str(tmp_path), webhook=hook.url)
        outages = Outages()

        def all_fail(error: Exception) -> None:
            for domain in ("sales", "cards"):
                outages.failed(domain, error, MessageTemplates(), settings)

        all_fail(AWAY)
        assert hook.texts == [], "it lasts for less than a minute"
        monkeypatch.setattr(module, "OUTAGE_SECONDS", 0.0)
        for _ in range(3):
            all_fail(AWAY)
        text, hint = hook.texts
        assert text.endswith("cannot be used:\n\nS3 does not answer.")
        assert "The work goes on by itself as soon as the cause is gone" in hint
        assert "AWS_ENDPOINT_URL" in hint
        assert "list-type" not in text + hint
        all_fail(ValueError("an error of the code"))
        assert len(hook.texts) == 2
