"""What the reason codes of rejected data and the names of checks mean, in words for a manager.

The codes are explained for engineers in docs/reasons.md; a test compares both.
"""

from collections.abc import Iterable

from lakehouse.dashboard.words import Language, Words

REASONS = {
    "ambiguous_parent": Words("vários pedidos com o mesmo número", "several orders of one number"),
    "bad_amount": Words("valor inválido", "invalid amount"),
    "bad_archive": Words("arquivo ZIP inválido", "invalid ZIP file"),
    "bad_date": Words("data inválida", "invalid date"),
    "bad_day": Words("pasta sem uma data válida", "folder without a valid date"),
    "bad_email": Words("e-mail inválido", "invalid e-mail address"),
    "bad_flag": Words("indicador inválido", "invalid flag"),
    "bad_gzip": Words("arquivo compactado inválido", "invalid compressed file"),
    "bad_id": Words("número de identificação inválido", "invalid identifier"),
    "bad_index": Words("número de linha inválido", "invalid row number"),
    "bad_integer": Words("número inteiro inválido", "invalid whole number"),
    "bad_movement": Words("movimento de estoque desconhecido", "unknown stock movement"),
    "bad_operation": Words("operação desconhecida", "unknown operation"),
    "bad_order_type": Words("canal de venda desconhecido", "unknown sales channel"),
    "bad_person_type": Words("tipo de pessoa desconhecido", "unknown type of person"),
    "bad_quantity": Words("quantidade inválida", "invalid quantity"),
    "bad_quoting": Words("aspas fora do lugar", "misplaced quotes"),
    "bad_region": Words("região desconhecida", "unknown region"),
    "bad_sex": Words("sexo desconhecido", "unknown sex"),
    "bad_status": Words("status desconhecido", "unknown status"),
    "bad_total": Words("total diferente de quantidade × preço", "total is not quantity × price"),
    "bad_unit": Words("pasta sem uma unidade válida", "folder without a valid unit"),
    "bad_user_id": Words("identificação de pessoa inválida", "invalid id of a person"),
    "bad_workbook": Words("planilha que não se pode ler", "unreadable workbook"),
    "before_start": Words("dia antes do início do sistema", "day before the system's start"),
    "blank_line": Words("linha em branco", "blank line"),
    "column_count": Words("número de colunas errado", "wrong number of columns"),
    "computation_failed": Words("valor que não se pode calcular", "value cannot be computed"),
    "damaged_id": Words("identificação estragada por planilha", "id damaged by a spreadsheet"),
    "due_before_issue": Words("vencimento antes da emissão", "due before it was issued"),
    "duplicate_key": Words("chave repetida no arquivo", "repeated key in the file"),
    "empty_file": Words("arquivo vazio", "empty file"),
    "erased": Words("apagada a pedido", "erased on request"),
    "footer": Words("linha de rodapé", "footer line"),
    "future_day": Words("dia no futuro", "day in the future"),
    "joined_files": Words("dois arquivos emendados", "two files joined"),
    "line_too_long": Words("linha longa demais", "line too long"),
    "missing_required": Words("campo obrigatório vazio", "required value is empty"),
    "newer_version": Words("substituído por versão mais nova", "superseded by a newer version"),
    "no_delivery": Words("nenhum arquivo chegou", "no file arrived"),
    "not_csv": Words("arquivo que não é CSV", "file is not CSV"),
    "not_erasable": Words("arquivo com pessoa apagada", "file with an erased person"),
    "orphan_item": Words("item sem pedido", "item without order"),
    "other_table": Words("outra tabela no mesmo arquivo", "another table in the file"),
    "payment_without_invoice": Words("pagamento sem fatura", "payment without invoice"),
    "preamble": Words("texto antes do cabeçalho", "text above the header"),
    "repeated_header": Words("cabeçalho repetido", "repeated header"),
    "row_before_header": Words("linha antes do cabeçalho", "row above the header"),
    "same_content": Words("conteúdo já recebido", "content received before"),
    "schema": Words("colunas do arquivo erradas", "wrong columns in the file"),
    "separator_line": Words("linha de separador do Excel", "separator line of Excel"),
    "symlink": Words("atalho em vez de arquivo", "link instead of a file"),
    "too_large": Words("arquivo grande demais", "file too large"),
    "too_long": Words("texto longo demais", "text too long"),
    "truncated": Words("arquivo cortado", "file cut short"),
    "undecodable": Words("texto em codificação desconhecida", "text in an unknown encoding"),
    "unit_mismatch": Words("unidade diferente da pasta", "unit differs from the folder"),
    "unknown_file": Words("arquivo de nome desconhecido", "file with an unknown name"),
    "unknown_product": Words("produto não cadastrado", "unknown product"),
    "unknown_unit": Words("unidade não cadastrada", "unknown unit"),
    "unreadable": Words("arquivo que não se pode ler", "unreadable file"),
    "unsafe_path": Words("nome de arquivo perigoso", "unsafe file name"),
}
CHECKS = {
    "accuracy": Words("totais de silver e gold diferem", "totals of silver and gold differ"),
    "books": Words("linhas recebidas e guardadas diferem", "rows received and kept differ"),
    "completeness": Words("faltam unidades", "units are missing"),
    "customers_without_person": Words("clientes sem pessoa", "customers without a person"),
    "deliveries_complete": Words("entregas incompletas", "incomplete deliveries"),
    "freshness": Words("nenhuma linha do dia", "no rows of the day"),
    "issued_after_file": Words("faturas emitidas depois do arquivo", "invoices after their file"),
    "lines_without_offer": Words("linhas sem oferta", "lines without an offer"),
    "lines_without_order": Words("linhas sem pedido", "lines without an order"),
    "lines_without_product": Words("linhas sem produto", "lines without a product"),
    "minimum": Words("pagamento mínimo incomum", "unusual minimum payment"),
    "not_null": Words("campos vazios", "empty values"),
    "offers_without_product": Words("ofertas sem produto", "offers without a product"),
    "one_row_per_person": Words("pessoas repetidas", "repeated persons"),
    "order_type": Words("canal de venda desconhecido", "unknown sales channel"),
    "order_value": Words("valor do pedido difere dos itens", "order value differs from items"),
    "orders_without_customer": Words("pedidos sem cliente", "orders without a customer"),
    "orders_without_person": Words("pedidos sem pessoa", "orders without a person"),
    "other_day_orders": Words("pedidos de outro dia", "orders of another day"),
    "paid_after_file": Words("pagamentos depois do arquivo", "payments after their file"),
    "referential": Words("produtos não cadastrados", "unknown products"),
    "regions": Words("regiões desconhecidas", "unknown regions"),
    "rejections": Words("linhas rejeitadas", "rejected rows"),
    "row_counts": Words("número de linhas difere do arquivo", "row count differs from the file"),
    "schema_drift": Words("as colunas do arquivo mudaram", "the columns of the file changed"),
    "totals": Words("totais não conferem", "totals do not match"),
    "uniqueness": Words("chaves repetidas", "repeated keys"),
    "volume": Words("volume fora do normal", "unusual volume"),
    "wrong_sub_totals": Words("subtotais não conferem", "subtotals do not match"),
    "wrong_totals": Words("totais de pedidos não conferem", "totals of orders do not match"),
}


def in_words(code: str, language: Language) -> str:
    """Return the meaning of a reason code or of the name of a check; else the code itself.

    >>> in_words("bad_date", "pt"), in_words("volume", "pt"), in_words("another", "pt")
    ('data inválida', 'volume fora do normal', 'another')
    """
    found = REASONS.get(code) or CHECKS.get(code)
    return found.in_(language) if found else code


def reasons_in_words(codes: Iterable[str], language: Language) -> str:
    """Return the meanings of reason codes, in one line.

    >>> reasons_in_words(["bad_date", "bad_amount"], "pt")
    'data inválida, valor inválido'
    """
    return ", ".join(in_words(code, language) for code in codes)
