"""Write generated deliveries: python -m bench.landed small|large DAYS FOLDER [UNITS|ITEMS]."""

import datetime as dt
import json
import sys
from pathlib import Path

from lakehouse.demo.mrhealth import LargePlan, Plan, write

FIRST = dt.date(2024, 1, 1)
UNITS = 50


def main() -> None:
    kind, days, folder, *size = sys.argv[1:]
    plan = (
        Plan(units=int(size[0]) if size else UNITS, first=FIRST, days=int(days))
        if kind == "small"
        else LargePlan(first=FIRST, days=int(days), items=int(size[0]))
    )
    print(json.dumps({"files": write(plan, Path(folder))}))


if __name__ == "__main__":
    main()
