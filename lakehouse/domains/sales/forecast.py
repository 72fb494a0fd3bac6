"""Declaration of the sales forecast: value and pieces of the coming days, for the entire shop.

There is no forecast by product: a product is sold on one day in eight, and for values that are
mostly 0 a model is not better than the mean. Products, customers and regions are features of the
day.
"""

from lakehouse.domains.sales.gold.forecast_features import calendar, forecast_features
from lakehouse.platform.forecasting.declaration import Forecast, ReportWords, Target

WORDS = ReportWords(
    models={"linear_regression": "regressão linear", "xgboost": "XGBoost"},
    average="média de {days} dias",
    parts={"train": "treino", "validation": "validação", "test": "teste"},
    chosen="modelo escolhido",
    published="publicado",
    error_columns=("modelo", "dias", "MAE", "RMSE", "MAPE %", "papel"),
    value_columns=("dia", "previsto"),
    period="{part} {first} a {last}",
    compared="a {model} ({errors})",
    conjunction=" e ",
    disjunction=" nem ",
    model_published=(
        "Vencedor: {model}. No teste ({errors}) erra menos que {averages}; é a previsão publicada."
    ),
    average_published=(
        "Vencedor: {average}. Nenhum modelo é publicado: o melhor na validação, {model},"
        " no teste ({errors}) não supera {averages}. A previsão publicada é a {average},"
        " a melhor média na validação."
    ),
)

FORECAST = Forecast(
    domain="sales",
    title="Previsão de vendas",
    features=forecast_features,
    known=tuple(
        name for name in forecast_features.contract.schema if "_ma_" in name or "_trend_" in name
    ),
    calendar=calendar,
    categories=("day_of_week",),
    words=WORDS,
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
