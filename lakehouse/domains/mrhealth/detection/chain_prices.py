"""Find days on which much of what the whole chain sells has prices that nobody decides at once.

Prices that change in one unit are found by comparing it with the chain. What changes everywhere is
usually a decision, such as a rise or a promotion. Nobody usually decides that many products at
once cost much more or less than before: that is reported.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from lakehouse.domains.mrhealth import alert_rules as rules
from lakehouse.domains.mrhealth.alert_rules import KINDS
from lakehouse.domains.mrhealth.detection.grid import Grid
from lakehouse.domains.mrhealth.detection.join import Found, Place
from lakehouse.domains.mrhealth.detection.usual import positive
from lakehouse.platform.alerts.usual import earlier, summed


def findings(grid: Grid, sold: pa.Table) -> Iterator[Found]:
    """Yield such days, with the value of these products and what they cost before."""
    day = sold["n"].to_numpy() - grid.first
    used = (day >= 0) & (day < grid.days)
    products, row = np.unique(sold["product_id"].to_numpy()[used], return_inverse=True)
    pieces, cents = (np.zeros((len(products), grid.days)) for _ in range(2))
    pieces[row, day[used]] = sold["pieces"].to_numpy()[used]
    cents[row, day[used]] = sold["cents"].to_numpy()[used]
    before = [earlier(summed(each, rules.PRICE_DAYS), 1) for each in (cents, pieces)]
    usual = before[0] / positive(before[1])
    price = cents / positive(pieces)
    with np.errstate(invalid="ignore"):
        odd = np.abs(price / positive(usual) - 1) > rules.CHAIN_PRICE_SHARE
    share = (pieces * odd).sum(0) / np.maximum(pieces.sum(0), 1)
    found = (odd.sum(0) >= rules.CHAIN_PRODUCTS) & (share >= rules.CHAIN_PIECES)
    for n in np.flatnonzero(found):
        expected = float((pieces[:, n] * np.nan_to_num(usual[:, n]) * odd[:, n]).sum())
        yield Found(
            place=Place(scope=rules.CHAIN),
            day=int(n),
            since=int(n),
            kind=KINDS["prices"],
            actual=float((cents[:, n] * odd[:, n]).sum()),
            expected=expected,
            low=expected * (1 - rules.CHAIN_PRICE_SHARE),
            high=expected * (1 + rules.CHAIN_PRICE_SHARE),
            units=max(1, int(grid.exists[:, n].sum())),
        )
