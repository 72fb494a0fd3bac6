"""Parameters of the alerts of people, each with its meaning and unit.

They were chosen on generated seeds 1 to 8 and measured on other ones, see docs/alerts.md.
"""

from lakehouse.platform.alerts.kinds import HIGH, Kind

KEEP_DAYS = 90
"""Days for which an alert stays in the table after its last day."""
GAP_DAYS = 5
"""Days without a finding after which the next finding is another incident."""
DELIVERIES, FEWEST_DELIVERIES = 20, 10
"""Days with deliveries before a day from which its usual shares are learned, and the fewest."""
SCORE = 5.0
"""Standard deviations of chance above the usual share."""
MORE_REPEATED, FEWEST_REPEATED = 0.08, 8
"""Share of the rows of a day, above the usual one, that name a person again, and their fewest."""
MORE_SHARED, FEWEST_SHARED = 0.12, 6
"""Share of the new persons of a day, above the usual one, who have the e-mail address of another
person, and their fewest."""
FEWEST_NEW_EXPECTED = 8
"""New persons that a day must be expected to bring before their absence means anything."""
SHARE_OF_NEW = 0.10
"""New persons below this share of the expected ones are too few."""

SCOPE = "register"
PLACES = 1
"""Places that can have an alert of their own."""
ROWS, PERSONS = "rows", "persons"
MEASURES = (ROWS, PERSONS)

REPEATED_ROWS = Kind(
    name="repeated_rows",
    family="repeated",
    rank=1,
    severity=HIGH,
    measure=ROWS,
    title="linhas repetidas da mesma pessoa acima do usual",
    action="Verificar se um arquivo veio duas vezes ou se a exportação multiplica linhas.",
    owner="TI",
)
NOBODY_NEW = Kind(
    name="nobody_new",
    family="known",
    rank=1,
    severity=HIGH,
    measure=PERSONS,
    title="quase só pessoas já conhecidas",
    action="Verificar se a exportação enviou a base toda ou um arquivo antigo.",
    owner="TI",
)
SHARED_EMAIL = Kind(
    name="shared_email",
    family="email",
    rank=1,
    severity=HIGH,
    measure=PERSONS,
    title="pessoas novas com o e-mail de outra pessoa acima do usual",
    action="Verificar se o sistema de origem trocou os identificadores das pessoas.",
    owner="Dados",
)
KINDS = {kind.name: kind for kind in (REPEATED_ROWS, NOBODY_NEW, SHARED_EMAIL)}
