"""Messages to people over Slack, webhooks, mail and Amazon SNS.

- `channels`: the interface of a channel and the error of a failed delivery.
- `webhook`, `mail`, `sns`: one channel each.
- `delivery`: the channels that the settings name; sends each cause once, with retries, and records
  it in the lake.
- `texts`: subject lines, and texts without secrets.
- `run_messages`: the messages about a finished run, from its report and the texts of its domain.

Reading runs does not belong here: see `orchestration.run_report`.
"""
