"""Risk of default of a client: an additive model over the variables of the book.

- `scorecard`: the model: a sum of one score for each variable, its text, and its predictions.
- `variables`: the variables, from the native book and its stage.
- `examples`: clients on reference dates with their labels, and the parts for learning and tests.
- `learning`: base rate, rule, logistic regression, and boosted scorecard.
- `measures`: Brier score, reliability, comparison of two models, drift of variables.
- `contest`: which of the models is published.
- `rows`: rows of the gold tables for the model that is in use.

The declaration for `lakehouse models train` is in `lakehouse.domains.cards.training`.
"""
