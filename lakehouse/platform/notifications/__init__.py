"""Messages to people over Slack, webhooks, mail and Amazon SNS.

- `channels`: the interface of a channel and the error of a failed delivery.
- `webhook`, `mail`, `sns`: one channel each.
- `delivery`: the channels that the settings name; sends each cause once, with retries, and records
  it in the lake.
- `texts`: subject lines, and texts without secrets.

What the messages say does not belong here: see `orchestration` and the domains' `notices`.
"""
