"""Words and columns that the pages of cards share."""

from lakehouse.dashboard.declare import Column
from lakehouse.dashboard.words import Words

SITUATIONS = {
    "SEM_PAGAMENTO": Words("Sem pagamento", "Not paid"),
    "PARCIAL": Words("Paga em parte", "Paid in part"),
    "TOTAL": Words("Paga", "Paid"),
    "EXCEDENTE": Words("Paga a mais", "Overpaid"),
}
SITUATION_BADGES = {
    "SEM_PAGAMENTO": "red",
    "PARCIAL": "orange",
    "TOTAL": "green",
    "EXCEDENTE": "green",
}
BUCKETS = {
    "A vencer": Words("A vencer", "Not yet due"),
    "1-30 dias": Words("1–30 dias", "1–30 days"),
    "31-90 dias": Words("31–90 dias", "31–90 days"),
    "Acima de 90 dias": Words("> 90 dias", "> 90 days"),
}
BUCKET_BADGES = {
    "A vencer": "gray",
    "1-30 dias": "orange",
    "31-90 dias": "orange",
    "Acima de 90 dias": "red",
}
DAYS_LATE = Words("Dias vencidos", "Days overdue")
NUMBER = Column(
    name="id_cliente",
    label=Words("Cliente", "Client"),
    link="/cliente?cliente={id_cliente}",
    width=132,
)
OPEN = Column(name="vlr_aberto", label=Words("Em aberto", "Open"), kind="brl")
OVERDUE = Column(name="vlr_vencido", label=Words("Vencido", "Overdue"), kind="brl")
PAID = Column(name="vlr_pago", label=Words("Pago", "Paid"), kind="brl")
LAST_PAID = Column(
    name="dt_ultimo_pagamento",
    label=Words("Último pagamento", "Last payment"),
    kind="day",
    width=122,
)
UNPAID = Column(
    name="qtd_sem_pagamento", label=Words("Faturas sem pagamento", "Unpaid"), kind="count"
)
