"""Cyrillic and Greek names in Latin letters, as passports have them (ICAO 9303, ELOT 743)."""

import unicodedata

_SPELT = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "i", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    "ђ": "d", "є": "ie", "ѕ": "dz", "і": "i", "ї": "i", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz", "ґ": "g",
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip


def spelt(text: str) -> str:
    """The text with these letters replaced; all else, letters of further alphabets among it, stays."""
    return "".join(map(_letter, text))


def _letter(sign: str) -> str:
    small = sign.lower()
    if small not in _SPELT:
        small = unicodedata.normalize("NFD", small)[0]
    if small not in _SPELT:
        return sign
    return _SPELT[small].capitalize() if sign.isupper() else _SPELT[small]
