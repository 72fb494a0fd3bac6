"""Severities, states, kinds and steps of alerts in words."""

from lakehouse.dashboard.words import Words

SEVERITIES = {
    "critical": Words("crítico", "critical"),
    "high": Words("alto", "high"),
    "medium": Words("médio", "medium"),
}
SEVERITY_BADGES = {"critical": "red", "high": "orange", "medium": "yellow"}
STATES = {
    "open": Words("aberto", "open"),
    "ended": Words("terminou", "ended"),
    "acknowledged": Words("em análise", "acknowledged"),
    "explained": Words("explicado", "explained"),
    "closed": Words("encerrado", "closed"),
    "snoozed": Words("adiado", "snoozed"),
}
STATE_BADGES = {
    "open": "red",
    "acknowledged": "orange",
    "explained": "blue",
    "closed": "green",
    "ended": "gray",
    "snoozed": "gray",
}
KINDS = {
    "no_delivery": Words("Sem entrega", "No delivery"),
    "silent": Words("Sem pedidos", "No orders"),
    "orders_drop": Words("Queda de pedidos", "Drop of orders"),
    "online_drop": Words("Queda da loja online", "Drop of the online shop"),
    "physical_drop": Words("Queda da loja física", "Drop of the restaurant"),
    "revenue_drop": Words("Queda de receita", "Drop of revenue"),
    "cancellations": Words("Cancelamentos", "Cancellations"),
    "prices": Words("Preços", "Prices"),
    "order_values": Words("Valor e itens", "Value and items"),
    "orders_low": Words("Pedidos abaixo do usual", "Fewer orders than usual"),
    "orders_repeated": Words("Pedidos enviados duas vezes", "Orders sent twice"),
    "unfinished": Words("Pedidos sem conclusão", "Unfinished orders"),
    "orders_surge": Words("Pedidos acima do usual", "More orders than usual"),
    "product_missing": Words("Produto sem vendas", "Product without sales"),
    "no_sales": Words("Dia sem vendas", "Day without sales"),
    "sales_drop": Words("Queda das vendas", "Drop of sales"),
    "region_silent": Words("Região sem vendas", "Region without sales"),
    "region_drop": Words("Queda na região", "Drop in a region"),
    "region_falling": Words("Região em queda", "Region in decline"),
    "payments_stopped": Words("Pagamentos parados", "Payments stopped"),
    "payments_drop": Words("Queda de pagamentos", "Drop of payments"),
    "open_growing": Words("Em aberto crescendo", "Open value growing"),
    "billing_jump": Words("Faturas demais", "Too many invoices"),
    "repeated_rows": Words("Linhas repetidas", "Repeated rows"),
    "nobody_new": Words("Só pessoas conhecidas", "Known persons only"),
    "shared_email": Words("E-mail de outra pessoa", "E-mail of another person"),
}
STEPS = {
    "acknowledged": Words("Estou vendo", "I am looking"),
    "explained": Words("Explicar", "Explain"),
    "closed": Words("Encerrar", "Close"),
    "snoozed": Words("Adiar", "Snooze"),
    "assigned": Words("Passar adiante", "Assign"),
    "reopened": Words("Reabrir", "Reopen"),
}
"""Step → what its button says."""
DONE = {
    "acknowledged": Words("em análise", "acknowledged"),
    "explained": Words("explicado", "explained"),
    "closed": Words("encerrado", "closed"),
    "snoozed": Words("adiado", "snoozed"),
    "assigned": Words("passado adiante", "assigned"),
    "reopened": Words("reaberto", "reopened"),
}
"""Step → what was done."""
