"""What was found and expected in a rejected row, in Portuguese.

The platform and the domains word these texts in English, from few phrases. A phrase that is not
known stays as it is.
"""

import re

from lakehouse.dashboard.words import Language

SENTENCES: tuple[tuple[str, str], ...] = (
    (r"another row of the file has the same key and other values",
     "outra linha do arquivo tem a mesma chave e outros valores"),
    (r"the order of this number was rejected", "o pedido deste número foi rejeitado"),
    (r"no order of the delivery has this number", "nenhum pedido da entrega tem este número"),
    (r"(\d+) orders of the delivery have this number", r"\1 pedidos da entrega têm este número"),
    (r"a newer version of the delivery has replaced the file",
     "uma versão mais nova da entrega substituiu o arquivo"),
    (r"the process ended before the file landed", "o processo terminou antes de o arquivo chegar"),
    (r"the file left the landing zone before it was read",
     "o arquivo saiu da pasta de entrada antes de ser lido"),
    (r"only blanks", "só espaços"),
    (r"blank line before the header", "linha em branco antes do cabeçalho"),
    (r"text before the header", "texto antes do cabeçalho"),
    (r"text after the last row", "texto depois da última linha"),
    (r"the line names the delimiter", "a linha diz qual é o separador"),
    (r"an odd number of quotes after a line with a bad quote",
     "número ímpar de aspas depois de uma linha com aspas fora do lugar"),
    (r"found ([\d,]+) columns?, expected ([\d,]+)", r"encontradas \1 colunas, esperadas \2"),
    (r"found ([\d,]+) characters, at most ([\d,]+) are read",
     r"encontradas \1 letras, são lidas no máximo \2"),
    (r"line (\d+): (.+) expected after (.+)", r"linha \1: esperado \2 depois de \3"),
    (r"put values that contain (.+) in quotes", r"ponha entre aspas os valores que contêm \1"),
    (r"write a quote inside a value twice, and the value in quotes: (.+)",
     r"escreva duas vezes as aspas de dentro, e o valor entre aspas: \1"),
    (r"(\S+) is missing", r"falta \1"),
    (r"(\S+) is not (\S+) x (\S+)", r"\1 não é \2 × \3"),
)  # fmt: skip
"""Whole sentences."""
EXPECTED: tuple[tuple[str, str], ...] = (
    (r"the identifier as the system wrote it", "o identificador como o sistema o escreveu"),
    (r"hint: a spreadsheet changed it, so export the file again",
     "dica: uma planilha o alterou; exporte o arquivo de novo"),
    (r"and format the column as text before it is opened in a spreadsheet",
     "e formate a coluna como texto antes de abri-lo numa planilha"),
    (r"the unit of the file's folder", "a unidade da pasta do arquivo"),
    (r"a unit of the reference table", "uma unidade da tabela de referência"),
    (r"a product of the reference table", "um produto da tabela de referência"),
    (r"the number of an accepted invoice of the client",
     "o número de uma fatura aceita do cliente"),
    (r"the day of the issue or a later one", "o dia da emissão ou um dia depois"),
    (r"a longer text", "um texto mais longo"),
    (r"a text", "um texto"),
    (r"characters", "letras"),
    (r"another value", "outro valor"),
    (r"a value", "um valor"),
    (r"letters, digits and", "letras, algarismos e"),
    (r"letters and digits", "letras e algarismos"),
    (r"<client>-<sequence>", "<cliente>-<sequência>"),
    (r"<sequence>", "<sequência>"),
    (r"of the client of the row", "do cliente da linha"),
    (r"a count", "uma contagem"),
    (r"other movements", "outros movimentos"),
    (r"a whole number", "um número inteiro"),
    (r"an amount", "um valor"),
    (r"a number", "um número"),
    (r"a moment like", "um momento como"),
    (r"an address like", "um endereço como"),
    (r"with a decimal comma", "com vírgula decimal"),
    (r"with a decimal point", "com ponto decimal"),
    (r"with or without a time", "com ou sem horário"),
    (r"without blanks and leading zeros", "sem espaços e sem zeros à esquerda"),
    (r"without leading zeros", "sem zeros à esquerda"),
    (r"leading zeros belong to it", "os zeros à esquerda fazem parte"),
    (r"hexadecimal digits", "dígitos hexadecimais"),
    (r"two decimals", "duas casas decimais"),
    (r"at most ten years after the issue", "no máximo dez anos depois da emissão"),
    (r"at most", "no máximo"),
    (r"without blanks", "sem espaços"),
    (r"to the day after the delivery", "até o dia depois da entrega"),
    (r"to the day of the delivery", "até o dia da entrega"),
    (r"to the date of the movement", "até a data do movimento"),
    (r"the day after the delivery", "o dia depois da entrega"),
    (r"the day of the delivery", "o dia da entrega"),
    (r"above", "acima de"),
    (r"below", "abaixo de"),
    (r"up to", "até"),
    (r"from", "de"),
    (r"to", "a"),
    (r"of", "de"),
    (r"or", "ou"),
    (r"and", "e"),
    (r"with", "com"),
    (r"places", "casas"),
    (r"digits", "dígitos"),
    (r"YYYY-MM-DD", "AAAA-MM-DD"),
    (r"DD/MM/YYYY", "DD/MM/AAAA"),
)  # fmt: skip
"""Phrases of what is expected; a longer one before its parts."""
FINDING = re.compile(
    r"(?P<column>\w[\w ]*?) is (?P<found>.*?), expected (?P<expected>.*?)"
    r"(?=; \w[\w ]*? is .*?, expected |$)"
)
_PHRASES = re.compile("|".join(rf"\b{phrase}\b" for phrase, _ in EXPECTED))
_TEXTS = dict(EXPECTED)


def detail_in_words(detail: str, language: Language) -> str:
    """Return what was found and expected in a language.

    >>> detail_in_words("Status is Pronto, expected Finalizado, Pendente", "pt")
    'Status: encontrado “Pronto”; esperado: Finalizado, Pendente'
    >>> detail_in_words("valor is empty, expected an amount from 0 to 9 with at most two decimals",
    ...     "pt")
    'valor: vazio; esperado: um valor de 0 a 9 com no máximo duas casas decimais'
    >>> detail_in_words("found 7 columns, expected 6; hint: put values that contain ',' in quotes",
    ...     "pt")
    "encontradas 7 colunas, esperadas 6; dica: ponha entre aspas os valores que contêm ','"
    """
    if language == "en" or not detail:
        return detail
    head, mark, hint = detail.partition("; hint: ")
    findings = list(FINDING.finditer(head))
    if findings and findings[0].start() == 0:
        shown = ". ".join(map(_finding, findings))
    else:
        shown = _first(head, SENTENCES)
    return shown + (f"; dica: {_first(hint, SENTENCES)}" if mark else "")


def _finding(match: re.Match[str]) -> str:
    found = "vazio" if match["found"] == "empty" else f"encontrado “{match['found']}”"
    expected = _PHRASES.sub(lambda each: _TEXTS[each[0]], match["expected"])
    return f"{match['column']}: {found}; esperado: {expected}"


def _first(text: str, sentences: tuple[tuple[str, str], ...]) -> str:
    """Return a sentence in Portuguese; the text itself when no sentence is like it."""
    for english, portuguese in sentences:
        if match := re.fullmatch(english, text, re.DOTALL):
            return match.expand(portuguese)
    return text
