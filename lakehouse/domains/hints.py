"""What the sender of a rejected file or line can do, in Portuguese, by its reason."""

import re
from collections.abc import Mapping

HINTS: Mapping[str, str] = {
    "empty_file": "O arquivo está vazio. Envie pelo menos o cabeçalho, mesmo sem vendas no dia.",
    "not_csv": "O arquivo não é texto CSV. No Excel: Salvar como > CSV UTF-8, e envie de novo.",
    "undecodable": (
        "Há acentos em outra codificação. No Excel: Salvar como > CSV UTF-8, e envie o arquivo"
        " inteiro de novo."
    ),
    "schema": (
        "O cabeçalho não tem as colunas combinadas ou usa outro separador. Compare os nomes com os"
        " esperados, um por coluna, e exporte de novo."
    ),
    "truncated": "O arquivo chegou cortado. Exporte e envie de novo; até lá ele fica retido.",
    "too_large": "O arquivo passa do tamanho permitido. Divida-o em partes ou apague linhas e"
    " colunas vazias da planilha.",
    "bad_gzip": "A compactação está danificada. Compacte o arquivo de novo e reenvie.",
    "bad_archive": "O ZIP deve ter exatamente um arquivo CSV ou XLSX, sem senha. Envie cada arquivo"
    " separado.",
    "bad_workbook": "A planilha não pôde ser lida ou não tem a aba combinada. Salve como XLSX"
    " ou CSV UTF-8.",
    "column_count": (
        "A linha tem mais ou menos valores que o cabeçalho. Ponha entre aspas os textos que contêm"
        " o separador e veja se falta algum valor."
    ),
    "bad_quoting": (
        "Há aspas no meio de um valor ou aspas que não fecham. Ponha o texto inteiro entre aspas e"
        ' escreva duas vezes as aspas de dentro: "Mesa 48""".'
    ),
    "line_too_long": "A linha é longa demais; em geral falta fechar aspas ou uma quebra de linha.",
    "blank_line": "Linha em branco; nada a fazer.",
    "separator_line": "Linha sep= do Excel; nada a fazer.",
    "preamble": "Título antes do cabeçalho; nada a fazer.",
    "row_before_header": "Há um registro antes do cabeçalho. Ponha o cabeçalho na primeira linha.",
    "repeated_header": "Cabeçalho repetido; nada a fazer.",
    "other_table": "Há outra tabela no mesmo arquivo. Envie cada tabela no seu próprio arquivo.",
    "footer": "Linha de total ou rodapé; nada a fazer.",
    "joined_files": "Dois arquivos foram emendados na mesma linha. Envie-os separados.",
}

_CODE = re.compile(r"\[([a-z_]+)\]$")


def hint_for(detail: str) -> str:
    """Return the hint for the message of a rejected file, which ends with its reason; or nothing.

    >>> hint_for("a.csv: the file is empty [empty_file]")[:23]
    'O arquivo está vazio. E'
    """
    code = _CODE.search(detail)
    return HINTS.get(code[1], "") if code else ""
