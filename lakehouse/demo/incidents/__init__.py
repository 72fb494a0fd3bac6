"""Plant incidents in the daily life of sales, cards and people, each by its mechanism.

An incident is what happens in the world: sellers leave, a bank's channel is down, an export joins a
wrong table. It changes what is sold, paid or delivered, never a figure that a detector computes,
and nothing here knows a threshold. A `Label` says what happened, where and when. Every generator
also has circumstances that are harmless: an alert about any of them is a false alarm.

- `labels`: labels, their places in time, and the comparison of alerts with them.
- `sales`, `cards`, `people`: the scenario of a seed as rows of the tables that alerts read.

Restaurants have their own generator in `lakehouse.demo.mrhealth.incidents`.
"""
