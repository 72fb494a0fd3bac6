"""The best offer to each client at risk, by its expected value."""

import ibis
import ibis.expr.types as ir
import pandera.ibis as pa
from ibis.expr.datatypes import Decimal

from lakehouse.domains.cards.gold.clients import clients as all_clients
from lakehouse.domains.cards.gold.default_risk import default_risk
from lakehouse.domains.cards.risk.offers import LOSS_SHARE, OFFERS, Offer
from lakehouse.platform.tables.contract import TableModel
from lakehouse.platform.tables.declare import gold_as_of
from lakehouse.platform.tables.expressions import rank_by
from lakehouse.platform.tables.table import TableOptions

MONEY = "decimal(18, 2)"


class RetentionOffers(TableModel, key=("id_cliente",)):
    """One client for whom an offer is worth more than it costs."""

    posicao: int = pa.Field(ge=1, description="Rank by expected value, 1 is the highest")
    id_cliente: int = pa.Field(
        metadata={"personal": "identifier"}, description="Number of the client"
    )
    oferta: str = pa.Field(
        isin=tuple(offer.name for offer in OFFERS),
        description="Offer with the highest expected value: lembrete (reminder), parcelamento"
        " (installments) or desconto (discount)",
    )
    probability: Decimal(9, 6) = pa.Field(
        ge=0, le=1, description="Probability of default without an offer, 0 to 1"
    )
    vlr_aberto: Decimal(18, 2) = pa.Field(
        ge=0, description="Amount that is still to be paid in BRL"
    )
    vlr_perda_esperada: Decimal(18, 2) = pa.Field(
        ge=0,
        description="Expected loss without an offer in BRL: probability × open amount × the share"
        " that is lost at a default",
    )
    vlr_custo: Decimal(18, 2) = pa.Field(ge=0, description="Cost of the offer in BRL")
    vlr_perda_evitada: Decimal(18, 2) = pa.Field(
        ge=0, description="Expected loss that the offer prevents, in BRL"
    )
    vlr_esperado: Decimal(18, 2) = pa.Field(
        gt=0, description="Expected value of the offer in BRL: prevented loss less cost"
    )


def _valued(rated: ir.Table, offer: Offer) -> ir.Table:
    """Return the clients with cost, prevented loss and expected value of one offer."""
    share = _product(rated.vlr_aberto, ibis.literal(offer.cost_share)).cast(MONEY)
    cost = (share + ibis.literal(offer.fixed_cost).cast(MONEY)).cast(MONEY)
    prevented = _product(rated.vlr_perda_esperada, ibis.literal(offer.effect_share)).cast(MONEY)
    priced = rated.mutate(
        oferta=ibis.literal(offer.name), vlr_custo=cost, vlr_perda_evitada=prevented
    )
    value = (priced.vlr_perda_evitada - priced.vlr_custo).cast(MONEY)
    return priced.mutate(vlr_esperado=value)


def _product(amount: ir.NumericValue, share: ir.NumericValue) -> ir.DecimalValue:
    """Return an amount × a share with eight decimals, exactly for shares with six of them."""
    return (
        amount.cast("decimal(26, 8)") * share.cast("decimal(12, 6)").cast("decimal(26, 8)")
    ).cast("decimal(26, 8)")


@gold_as_of(
    contract=RetentionOffers,
    reads=[default_risk, all_clients],
    options=TableOptions(embedded=True),
)
def retention_offers(risk: ir.Table, clients: ir.Table) -> ir.Table:
    """The offer with the highest expected value for each client, where that is above zero.

    Costs and effects of the offers are assumptions, see docs/default-risk.md. Clients without a
    probability get no offer.
    """
    known = risk.filter(risk.probability.notnull())
    both = known.inner_join(clients.select("id_cliente", "vlr_aberto"), "id_cliente")
    loss = _product(_product(both.vlr_aberto, both.probability), ibis.literal(LOSS_SHARE))
    rated = both.select(
        "id_cliente", "probability", "vlr_aberto", vlr_perda_esperada=loss.cast(MONEY)
    )
    valued = ibis.union(*(_valued(rated, offer) for offer in OFFERS))
    best = valued.group_by("id_cliente").order_by(ibis.desc("vlr_esperado"), "vlr_custo", "oferta")
    first = best.mutate(place=ibis.row_number()).filter(lambda rows: rows.place == 0)
    worth = first.filter(first.vlr_esperado > 0).drop("place")
    ranked = worth.mutate(posicao=rank_by(ibis.desc("vlr_esperado"), "id_cliente"))
    return ranked.order_by("posicao")
