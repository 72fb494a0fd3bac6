"""Generators of sample deliveries, one module or package per domain; not part of the domains.

Each generator has a frozen ``Plan`` (seed, size, share of planted errors) and a function
``deliveries(plan)``, which yields `LandedFile`s in the order of their arrival. Equal plans always
give equal bytes. Some have more:

- ``demo(seed)``: the small plan of `lakehouse demo`; without it the plan follows from its options.
- ``reference(plan)``: reference tables, delivered before the first day.
- ``expected(plan)``: the outcomes that a correct platform must reach, computed without it.
- ``HIGHLIGHTS``: titles and queries that `lakehouse demo` shows.

`files` and `plans` hold what the generators share. Generators read the specification and the
sources of their domain, never its tables or the platform's transformations.
"""
