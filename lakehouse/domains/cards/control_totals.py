"""Figures of PoD Cartões in plain SQL, which the audit compares with what is stored.

The open positions of the as-of tables are those of the last day with an invoice or a payment.
"""

from lakehouse.platform.tables.control_total import ControlTotal


def _amount(text: str) -> str:
    """Return SQL that reads an amount; nothing but digits, sign and decimal mark counts."""
    digits = f"regexp_replace(replace({text}, ',', '.'), '[^0-9.-]', '', 'g')"
    return f"try_cast({digits} as decimal(18, 2))"


def _last_number(text: str) -> str:
    """Return SQL for the number at the end of an identifier."""
    return f"try_cast(regexp_extract({text}, '([0-9]+)$', 1) as bigint)"


_POSITIONS = """
    with known as (
        select max(day) as reference
        from (select day from silver.tb_faturas union all select day from silver.tb_pagamentos)
    ), paid as (
        select id_cliente, id_fatura, count(*) as payments, sum(vlr_pagamento) as paid
        from silver.tb_pagamentos, known where dt_pagamento <= reference group by all
    ), positions as (
        select reference, id_cliente, id_fatura, vlr_fatura, coalesce(payments, 0) as payments,
            coalesce(paid, 0) as paid, greatest(vlr_fatura - coalesce(paid, 0), 0) as owed,
            date_diff('day', dt_vencimento, reference) as late
        from silver.tb_faturas left join paid using (id_cliente, id_fatura), known
        where dt_emissao <= reference
    )
"""
_SUMS = """
    count(*) as qtd_faturas, sum(vlr_fatura) as vlr_faturado, sum(payments) as qtd_pagamentos,
    sum(paid) as vlr_pago, count(*) filter (payments = 0) as qtd_sem_pagamento,
    sum(owed) as vlr_aberto, coalesce(sum(owed) filter (late > 0), 0) as vlr_vencido,
    coalesce(sum(owed) filter (late > 90), 0) as vlr_vencido_90
"""
_COLUMNS = """qtd_faturas, vlr_faturado, qtd_pagamentos, vlr_pago, qtd_sem_pagamento, vlr_aberto,
    vlr_vencido, vlr_vencido_90"""
_BUCKET = """case when late <= 0 then 'A vencer' when late <= 30 then '1-30 dias'
    when late <= 90 then '31-90 dias' else 'Acima de 90 dias' end"""

CONTROL_TOTALS = (
    ControlTotal(
        table="silver.tb_faturas",
        expected=f"""
            select day, {_last_number("id_cliente")} as id_cliente,
                {_last_number("id_fatura")} as id_fatura, {_amount("valor_fatura")} as vlr_fatura,
                {_amount("valor_pagamento_minimo")} as vlr_pagto_min
            from kept.tb_faturas""",
        found="""
            select day, id_cliente, id_fatura, vlr_fatura, vlr_pagto_min from silver.tb_faturas""",
    ),
    ControlTotal(
        table="silver.tb_pagamentos",
        expected=f"""
            select day, {_last_number("id_cliente")} as id_cliente,
                {_last_number("id_fatura")} as id_fatura,
                {_last_number("id_pagamento")} as id_pagamento,
                {_amount("valor_pagamento")} as vlr_pagamento
            from kept.tb_pagamentos""",
        found="""
            select day, id_cliente, id_fatura, id_pagamento, vlr_pagamento
            from silver.tb_pagamentos""",
    ),
    ControlTotal(
        table="gold.invoices",
        expected=f"""
            {_POSITIONS} select id_cliente, id_fatura, vlr_fatura, payments, paid, owed
            from positions""",
        found="""
            select id_cliente, id_fatura, vlr_fatura, qtd_pagamentos, vlr_pago, vlr_aberto
            from gold.invoices""",
    ),
    ControlTotal(
        table="gold.clients",
        expected=f"""
            {_POSITIONS} select id_cliente, {_SUMS},
                count(*) filter (payments = 0 and owed > 0 and late between 1 and 180) >= 3
                    as em_risco
            from positions group by id_cliente""",
        found=f"select id_cliente, {_COLUMNS}, em_risco from gold.clients",
    ),
    ControlTotal(
        table="gold.clients_at_risk",
        expected=f"""
            {_POSITIONS} select id_cliente, {_SUMS} from positions group by id_cliente
            having count(*) filter (payments = 0 and owed > 0 and late between 1 and 180) >= 3""",
        found=f"select id_cliente, {_COLUMNS} from gold.clients_at_risk",
    ),
    ControlTotal(
        table="gold.kpis",
        expected=f"""
            {_POSITIONS} select reference, count(distinct id_cliente) as qtd_clientes, {_SUMS}
            from positions group by reference""",
        found=f"select dt_referencia, qtd_clientes, {_COLUMNS} from gold.kpis",
    ),
    ControlTotal(
        table="gold.ageing",
        expected=f"""
            {_POSITIONS} select reference, {_BUCKET} as faixa, count(*) as qtd_faturas,
                count(distinct id_cliente) as qtd_clientes, sum(vlr_fatura) as vlr_fatura,
                sum(paid) as vlr_pago, sum(owed) as vlr_aberto
            from positions where owed > 0 and payments = 0 group by reference, faixa""",
        found="""
            select dt_referencia, faixa, qtd_faturas, qtd_clientes, vlr_fatura, vlr_pago, vlr_aberto
            from gold.ageing
            where situacao = 'SEM_PAGAMENTO'
            and dt_referencia = (select max(dt_referencia) from gold.ageing)""",
    ),
    ControlTotal(
        table="gold.alerts",
        expected="""
            select a.alert_id, count(*) as actual
            from gold.alerts a join silver.tb_faturas f
                on date_trunc('month', f.dt_emissao) = date_trunc('month', a.last_day)
            where a.kind = 'billing_jump' group by a.alert_id""",
        found="select alert_id, actual from gold.alerts where kind = 'billing_jump'",
    ),
)
