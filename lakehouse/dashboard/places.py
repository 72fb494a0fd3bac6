"""Brazilian states: their two letters, and their places on a tile map."""

STATES = {
    "RR": ("Roraima", 0, 1),
    "AP": ("Amapá", 0, 3),
    "AM": ("Amazonas", 1, 1),
    "PA": ("Pará", 1, 2),
    "MA": ("Maranhão", 1, 3),
    "CE": ("Ceará", 1, 4),
    "RN": ("Rio Grande do Norte", 1, 5),
    "AC": ("Acre", 2, 0),
    "RO": ("Rondônia", 2, 1),
    "TO": ("Tocantins", 2, 2),
    "PI": ("Piauí", 2, 3),
    "PE": ("Pernambuco", 2, 4),
    "PB": ("Paraíba", 2, 5),
    "MT": ("Mato Grosso", 3, 1),
    "GO": ("Goiás", 3, 2),
    "BA": ("Bahia", 3, 3),
    "SE": ("Sergipe", 3, 4),
    "AL": ("Alagoas", 3, 5),
    "MS": ("Mato Grosso do Sul", 4, 1),
    "DF": ("Distrito Federal", 4, 2),
    "MG": ("Minas Gerais", 4, 3),
    "ES": ("Espírito Santo", 4, 4),
    "SP": ("São Paulo", 5, 2),
    "RJ": ("Rio de Janeiro", 5, 3),
    "PR": ("Paraná", 6, 2),
    "SC": ("Santa Catarina", 7, 2),
    "RS": ("Rio Grande do Sul", 8, 2),
}
"""Two letters → name, row and column on the map."""
_CODES = {name: code for code, (name, _, _) in STATES.items()}


def code_of_state(name: str) -> str:
    """Return the two letters of a Brazilian state; the name of any other place.

    >>> code_of_state("Paraná"), code_of_state("Mendoza")
    ('PR', 'Mendoza')
    """
    return _CODES.get(name, name)


def state_of_code(code: str) -> str:
    """Return the name of the state with these two letters; other text as it is."""
    return STATES[code.upper()][0] if code.upper() in STATES else code
