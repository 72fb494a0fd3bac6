"""What is forecast of the sales: value and units of the days to come, of the whole shop.

Not by product: the shop sells a product on one day in eight, and what is mostly 0 is forecast no
better by a model than by its mean. Products, customers and regions enter as features of the day.
"""

from lakehouse.domains.sales.gold.forecast_features import calendar, forecast_features
from lakehouse.platform.forecasting.declaration import Forecast, Target

FORECAST = Forecast(
    domain="sales",
    title="Previsão de vendas",
    features=forecast_features,
    known=tuple(
        name for name in forecast_features.contract.schema if "_ma_" in name or "_trend_" in name
    ),
    calendar=calendar,
    categories=("day_of_week",),
    targets=(
        Target(
            column="total_sales",
            title="Valor vendido (R$)",
            averages={"ma_7": "sales_ma_7", "ma_30": "sales_ma_30"},
        ),
        Target(
            column="total_quantity",
            title="Unidades vendidas",
            averages={"ma_7": "quantity_ma_7", "ma_30": "quantity_ma_30"},
        ),
    ),
)
