"""Simulate purchases against the true demand of the generator: service, costs, rule of thumb.

    make bench ARGS="--only purchases"        # 100 runs; with --quick 5

Every run is a chain of its own with its sales history. On each simulated day all policies order
for the same demand, delivery times, lots and shelf lives:

- `recommended`: the arithmetic of `gold.mrhealth_purchase_recommendation` on the published
  forecast, which is renewed every week only (the lake renews it every day); also with a service
  level of 99 % for every class;
- `rule of thumb`: the mean of the last 14 days times the days to cover, plus 20 %, in whole lots;
- `rule, N days more`: the same with more days to cover, as a cautious buyer would do.

Stock is sold first in, first out, expires after its shelf life, and demand that finds no stock is
lost. The service is the share of days of a product on which no piece was lost. Costs in BRL: the
margin of lost pieces, the cost of expired ones, and 0.1 % of the cost a day for holding a piece.
"""

import argparse
import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.demo.mrhealth.business import PRODUCTS, state_of
from lakehouse.demo.mrhealth.scenario import scenario_of
from lakehouse.demo.mrhealth.true_demand import TrueDemand, true_demand
from lakehouse.domains.mrhealth.purchase.arithmetic import Forecast, Supply, classes_of, orders_of
from lakehouse.domains.mrhealth.purchase.terms import (
    ABC_SHARES,
    COST_SHARE,
    REVIEW_DAYS,
    SERVICE,
    XYZ_VARIATION,
)
from lakehouse.platform.forecasting.panel import HORIZON
from lakehouse.platform.forecasting.panel.panel import Panel
from lakehouse.platform.forecasting.panel.produce import forecast_panel

FIRST = dt.date(2026, 1, 5)
HISTORY, SETTLING, MEASURED = 112, 14, 28
HOLDING = 0.001
RULES = {"rule of thumb": 0, "rule, 1 day more": 1, "rule, 2 days more": 2}
"""Days that each rule covers in addition to those until the next delivery."""
HIGHER = "recommended, 99 % for all"
POLICIES = ("recommended", *RULES, HIGHER)
LATE = (0, 0, 0, 1, 1, 2)
"""Days by which a delivery is late, equally likely."""
LATE_MEAN, LATE_VARIANCE = float(np.mean(LATE)), float(np.var(LATE))
SHELF = 10

COSTS = ("lost margin", "expired", "holding")

Numbers = NDArray[np.float64]


@dataclass
class Tally:
    """What happened under one policy: days by class, sums over products and days, costs of runs."""

    days: dict[str, list[int]] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    run_costs: list[float] = field(default_factory=list)

    def add(self, name: str, value: float) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + float(value)

    @property
    def cost(self) -> float:
        """Return the total cost of all runs in BRL."""
        return sum(self.sums.get(name, 0.0) for name in COSTS)


class Shelves:
    """Pieces of each product by the days on which they can still be sold, and open orders."""

    def __init__(self, start: NDArray[np.int64], ahead: int) -> None:
        self.fresh = np.zeros((len(start), SHELF), np.int64)
        self.fresh[:, -1] = start
        self.coming = np.zeros((len(start), ahead), np.int64)

    def receive(self) -> None:
        self.fresh[:, -1] += self.coming[:, 0]
        self.coming = np.concatenate([self.coming[:, 1:], 0 * self.coming[:, :1]], axis=1)

    def sell(self, demand: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sell the oldest pieces first; return the lost pieces."""
        left = demand.copy()
        for age in range(SHELF):
            sold = np.minimum(left, self.fresh[:, age])
            self.fresh[:, age] -= sold
            left -= sold
        return left

    def expire(self) -> NDArray[np.int64]:
        """Return the pieces that cannot be sold tomorrow, and remove them."""
        gone = self.fresh[:, 0].copy()
        self.fresh = np.concatenate([self.fresh[:, 1:], 0 * self.fresh[:, :1]], axis=1)
        return gone

    def order(self, pieces: NDArray[np.int64], lead: NDArray[np.int64]) -> None:
        np.add.at(self.coming, (np.arange(len(pieces)), lead - 1), pieces)


@dataclass(frozen=True, kw_only=True)
class Chain:
    """One run: demand of all series, their classes, terms and costs."""

    demand: Numbers
    truth: TrueDemand
    classes: NDArray[np.str_]
    lead: NDArray[np.int64]
    lot: NDArray[np.int64]
    price: Numbers
    cost: Numbers

    @property
    def service(self) -> Numbers:
        return np.array([SERVICE[name] for name in self.classes])


def chain_of(seed: int, units: int, orders: float) -> Chain:
    """Return the chain of a seed, with the history from which classes are made."""
    days = HISTORY + SETTLING + MEASURED
    scenario = scenario_of(
        seed, first=FIRST, days=days, units=units, orders_per_unit=orders, incidents=()
    )
    truth = true_demand(scenario)
    lasting = ~np.isnan(truth.pieces).any(axis=2)
    unit, product = np.nonzero(lasting)
    demand = truth.pieces[lasting]
    price = np.array([cents / 100 for _, cents in PRODUCTS])[product]
    known = demand[:, HISTORY - 91 : HISTORY]
    abc = np.full(len(demand), "C")
    for one in np.unique(unit):
        here = unit == one
        abc[here] = classes_of((known.sum(axis=1) * price)[here], ABC_SHARES)
    variation = known.std(axis=1) / np.maximum(known.mean(axis=1), 1e-9)
    xyz = np.select([variation <= limit for limit in XYZ_VARIATION.values()], ["X", "Y"], "Z")
    return Chain(
        demand=demand,
        truth=truth,
        classes=np.char.add(abc, xyz),
        lead=1 + product % 3,
        lot=np.array([6, 12, 4])[product % 3],
        price=price,
        cost=COST_SHARE * price,
    )


def forecast_of(chain: Chain, units: NDArray[np.int64], day: int) -> Forecast:
    """Return the published forecast as made after a number of days."""
    made = forecast_panel(panel_of(chain, units, day))
    expected = np.round(made.expected, 2)
    low, high = (np.round(made.quantiles[..., n], 2) for n in (0, -1))
    return Forecast(expected=expected, q05=low, q95=high)


def simulate(seed: int, units: int, orders: float, tallies: dict[str, Tally]) -> None:
    """Run all policies on the chain of a seed and add what happened."""
    chain = chain_of(seed, units, orders)
    place = np.nonzero(~np.isnan(chain.truth.pieces).any(axis=2))[0]
    rng = np.random.default_rng([seed, 77])
    count, ahead = chain.demand.shape[0], int(chain.lead.max()) + max(LATE)
    start = np.ceil(chain.demand[:, :HISTORY].mean(axis=1) * (chain.lead + 2)).astype(np.int64)
    shelves = {name: Shelves(start, ahead) for name in POLICIES}
    forecast = forecast_of(chain, place, HISTORY)
    made_on = HISTORY
    for day in range(HISTORY, chain.demand.shape[1]):
        late = np.array(LATE)[rng.integers(0, len(LATE), count)]
        for name, stock in shelves.items():
            stock.receive()
            wanted = chain.demand[:, day].astype(np.int64)
            lost = stock.sell(wanted)
            held = stock.fresh.sum(axis=1)
            gone = stock.expire()
            if day >= HISTORY + SETTLING:
                record(tallies[name], chain, wanted, lost, gone, held)
        known = day + 1
        if known - made_on >= 7:
            forecast, made_on = forecast_of(chain, place, known), known
        for name, stock in shelves.items():
            if name not in RULES:
                asked = np.full(count, 0.99) if name == HIGHER else chain.service
                pieces = recommended(chain, stock, forecast, known - made_on, asked)
            else:
                pieces = rule_of_thumb(chain, stock, known, RULES[name])
            stock.order(pieces, chain.lead + late)


def recommended(
    chain: Chain, stock: Shelves, forecast: Forecast, since: int, service: Numbers
) -> NDArray[np.int64]:
    """Return what the platform recommends for service levels, days after the forecast was made."""
    ahead = Forecast(
        expected=forecast.expected[:, since:],
        q05=forecast.q05[:, since:],
        q95=forecast.q95[:, since:],
    )
    count = len(chain.lot)
    supply = Supply(
        on_hand=stock.fresh.sum(axis=1),
        on_order=stock.coming.sum(axis=1),
        lead_days=(chain.lead + LATE_MEAN).astype(np.float64),
        lead_days_variance=np.full(count, LATE_VARIANCE),
        lot=chain.lot,
        shelf_days=np.full(count, SHELF),
    )
    return orders_of(ahead, supply, service, REVIEW_DAYS)["order_pieces"].astype(np.int64)


def rule_of_thumb(chain: Chain, stock: Shelves, known: int, more_days: int) -> NDArray[np.int64]:
    """Return what the mean of 14 days plus 20 % lacks, in whole lots."""
    mean = chain.demand[:, known - 14 : known].mean(axis=1)
    target = 1.2 * mean * (chain.lead + LATE_MEAN + REVIEW_DAYS - 1 + more_days)
    position = stock.fresh.sum(axis=1) + stock.coming.sum(axis=1)
    missing = np.maximum(target - position, 0.0)
    return (np.ceil(missing / chain.lot) * chain.lot).astype(np.int64)


def record(
    tally: Tally,
    chain: Chain,
    wanted: NDArray[np.int64],
    lost: NDArray[np.int64],
    gone: NDArray[np.int64],
    held: NDArray[np.int64],
) -> None:
    """Add a day of all products."""
    for name in np.unique(chain.classes):
        here = chain.classes == name
        served = tally.days.setdefault(str(name), [0, 0])
        served[0] += int((lost[here] == 0).sum())
        served[1] += int(here.sum())
    tally.add("asked", chain.service.sum())
    tally.add("pieces wanted", wanted.sum())
    tally.add("pieces lost", lost.sum())
    tally.add("lost margin", (lost * (chain.price - chain.cost)).sum())
    tally.add("expired", (gone * chain.cost).sum())
    tally.add("holding", (held * chain.cost * HOLDING).sum())


def panel_of(chain: Chain, place: NDArray[np.int64], days: int) -> Panel:
    """Return the series as known after some days."""
    units = chain.truth.pieces.shape[0]
    product = np.nonzero(~np.isnan(chain.truth.pieces).any(axis=2))[1]
    states = [state_of(unit + 1) for unit in range(units)]
    names = sorted(set(states))
    return Panel(
        first=FIRST,
        values=chain.demand[:, :days],
        place=place.astype(np.int64),
        product=product.astype(np.int64),
        region=np.array([names.index(state) for state in states], np.int64),
        calendar=np.zeros((0, len(names), days + HORIZON)),
    )


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--units", type=int, default=6)
    parser.add_argument("--orders", type=float, default=40)
    given = parser.parse_args()
    tallies = {name: Tally() for name in POLICIES}
    for seed in range(given.first_seed, given.first_seed + given.runs):
        before = {name: tally.cost for name, tally in tallies.items()}
        simulate(seed, given.units, given.orders, tallies)
        for name, tally in tallies.items():
            tally.run_costs.append(tally.cost - before[name])
    best = tallies["recommended"].run_costs
    print(json.dumps({name: figures(tally, best) for name, tally in tallies.items()}))


def figures(tally: Tally, best: list[float]) -> dict[str, Any]:
    """Return service and costs of a policy, and the share of runs in which it costs more."""
    days = sum(n for _, n in tally.days.values())
    served = sum(s for s, _ in tally.days.values())
    return {
        "asked": tally.sums["asked"] / days,
        "achieved": served / days,
        "classes": {
            name: {"asked": SERVICE[name], "achieved": s / n, "days": n}
            for name, (s, n) in sorted(tally.days.items())
        },
        "pieces served": 1 - tally.sums["pieces lost"] / tally.sums["pieces wanted"],
        **{name: round(tally.sums[name]) for name in COSTS},
        "cost": round(tally.cost),
        "runs dearer": float(np.mean(np.array(tally.run_costs) > np.array(best))),
    }


if __name__ == "__main__":
    main()
