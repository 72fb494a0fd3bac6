"""Train and apply a risk model, and compare its quality with the baselines and the optimum.

    python -m bench.risk --clients 2000 --folder FOLDER [--behavior] [--files FOLDER]
    python -m bench.risk --model churn_risk --leaving --folder FOLDER

Lands generated deliveries (or the files of a folder) and computes the lake without Dagster. With
`--behavior` clients pay by their discipline and income, and the probability of somebody who knows
both is the optimum; without it every invoice is paid with the same probability, as in the original
files, so no model can be better than the share of all clients. With `--leaving` clients lose
interest and leave.
"""

import argparse
import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import spent
from lakehouse.demo.cards import Plan, deliveries
from lakehouse.demo.cards.draw import behavior, engagement
from lakehouse.domains.cards.gold.default_labels import HORIZON_DAYS
from lakehouse.domains.cards.risk.contest import hold
from lakehouse.domains.cards.risk.examples import TEST, Examples, parts_of, read_examples
from lakehouse.domains.cards.risk.measures import quality_of
from lakehouse.domains.cards.risk.scorecard import Numbers
from lakehouse.domains.cards.risk.targets import CHURN, DEFAULT, TARGETS, Target
from lakehouse.domains.cards.training import train
from lakehouse.platform.models.promotion import promote
from lakehouse.platform.models.store import register
from lakehouse_tests.domains.business import Business


def measured(cards: Business, plan: Plan | None, target: Target) -> dict[str, Any]:
    """Train on a lake, put the model into use, apply it, and return times and quality."""
    start = spent()
    made = train(cards.lake, target.model)
    trained = spent() - start
    parts = parts_of(read_examples(cards.lake, target).examples)
    held = hold(parts)
    now = dt.datetime.now(dt.UTC)
    version = register(cards.lake, "cards", made.model, run_id=None, now=now, today=now.date())
    promote(cards.lake, "cards", version, by="bench", now=now, today=now.date())
    before = spent()
    cards.ingest()
    scored = spent() - before
    (count,) = cards.rows(f"select count(*) from gold.cards_{target.model}")[0]
    return {
        "published": held.published.kind,
        "brier": {step.model: step.quality.brier for step in held.steps},
        "auc": {step.model: step.quality.auc for step in held.steps},
        "quality": asdict(held.quality),
        "reliability": [asdict(each) for each in held.reliability],
        "optimum": optimum(plan, parts[TEST], target) if plan else None,
        "examples": {name: len(part) for name, part in parts.items()},
        "train": trained.as_json(),
        "score": scored.as_json(),
        "clients": count,
        "peak_mb": trained.peak_mb,
        "bytes": version.size,
    }


def optimum(plan: Plan, test: Examples, target: Target) -> dict[str, Any]:
    """Return the quality of the true probabilities of the test examples."""
    predicted = np.empty(len(test))
    for day in np.unique(test.day):
        date = dt.date(1970, 1, 1) + dt.timedelta(days=int(day))
        month = (date.year - plan.first.year) * 12 + date.month - plan.first.month
        chosen = test.day == day
        predicted[chosen] = true_share(plan, target, date, month)[test.client[chosen] - 1]
    return asdict(quality_of(test.outcome, predicted))


def true_share(plan: Plan, target: Target, date: dt.date, month: int) -> Numbers:
    """Return the true probability of each client on a reference date."""
    if target is CHURN:
        until = date + dt.timedelta(days=HORIZON_DAYS)
        following = (until.year - date.year) * 12 + until.month - date.month
        return engagement(plan, 0).true_churn(month, following)
    return behavior(plan, 0).true_default(month)


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.risk", description=__doc__)
    words.add_argument("--clients", type=int, default=2_000)
    words.add_argument("--folder", type=Path, required=True)
    words.add_argument("--model", choices=sorted(TARGETS), default=DEFAULT.model)
    words.add_argument("--behavior", action="store_true")
    words.add_argument("--leaving", action="store_true")
    words.add_argument("--seed", type=int, default=Plan().seed)
    words.add_argument("--files", type=Path, help="folder with files to land instead")
    given = words.parse_args()
    cards = Business("cards", given.folder)
    plan = Plan(
        scale=given.clients / 10_000,
        errors=0,
        behavior=given.behavior,
        leaving=given.leaving,
        seed=given.seed,
    )
    if given.files:
        for path in sorted(given.files.glob("*.csv")):
            cards.land(f"2024-12-02/{path.name}", path.read_bytes())
    else:
        cards.land_all(deliveries(plan))
    cards.ingest()
    target = TARGETS[given.model]
    is_known = given.leaving if target is CHURN else given.behavior and not given.leaving
    print(json.dumps(measured(cards, plan if is_known and not given.files else None, target)))


if __name__ == "__main__":
    main()
