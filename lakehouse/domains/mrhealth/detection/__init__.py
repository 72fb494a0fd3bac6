"""Find what is wrong in a restaurant on a day, and join the findings of one cause to one alert.

`usual` says what is usual for a unit and weekday, `volume`, `prices` and `products` find what is
not, `incidents` joins findings over units and days. All are expressions; the parameters are in
`alert_rules`. Sums are of whole numbers and decimals, because the sum of floats depends on the
order in which an engine adds them.
"""
