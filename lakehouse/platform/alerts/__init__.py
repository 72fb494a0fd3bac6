"""Alerts of any domain: what people decide about them, and sending each of them once.

A domain that has a gold table `alerts` has alerts; how they are found is its own matter. Decisions
are kept beside it in ``ops/<domain>/alert_decisions``, so that computing the alerts again loses
none (docs/decisions/0025-decisions-about-alerts.md).
"""
