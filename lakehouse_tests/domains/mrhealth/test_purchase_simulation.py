"""The simulation of purchases: how stock is kept, and what recommendations reach."""

import numpy as np

from bench.purchases import POLICIES, SHELF, Shelves, Tally, figures, simulate


def test_the_oldest_pieces_are_sold_first_and_the_rest_expires():
    stock = Shelves(np.array([3]), ahead=2)
    stock.order(np.array([5]), np.array([1]))
    stock.expire()
    stock.receive()
    assert stock.sell(np.array([4])).tolist() == [0]
    assert stock.fresh.sum() == 4
    assert [int(stock.expire()[0]) for _ in range(SHELF)] == [0] * (SHELF - 1) + [4]


def test_demand_beyond_the_stock_is_lost():
    stock = Shelves(np.array([3]), ahead=1)
    assert stock.sell(np.array([5])).tolist() == [2]


def test_recommendations_reach_their_service_and_cost_less_than_the_rule_of_thumb():
    tallies = {name: Tally() for name in POLICIES}
    simulate(7, units=6, orders=40, tallies=tallies)
    found = {name: figures(tally, [0.0]) for name, tally in tallies.items()}
    ours, rule = found["recommended"], found["rule of thumb"]
    assert abs(ours["achieved"] - ours["asked"]) < 0.03
    assert ours["cost"] < rule["cost"] / 2
