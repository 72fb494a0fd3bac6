"""Import Pandera without pyspark.pandas, which takes half of its time and which nothing here uses.

Pandera imports it wherever pyspark is installed. Afterwards it can be imported as usual.
"""

import sys
from types import ModuleType
from typing import cast

NAME = "pyspark.pandas"

if is_left_out := "pandera" not in sys.modules and NAME not in sys.modules:
    sys.modules[NAME] = cast("ModuleType", None)  # Python's way to say that it cannot be imported
try:
    import pandera.ibis as pandera_ibis
finally:
    if is_left_out:
        del sys.modules[NAME]

__all__ = ["pandera_ibis"]
