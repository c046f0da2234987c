"""Secrets that we make: tokens for links and cookies, codes for paper."""

import hashlib
import secrets

#: Crockford's base 32: no I, L, O, U, so nothing is misread from a slip of paper.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKE = str.maketrans("ILO", "110")
_GROUPS, _GROUP = 4, 4


def new_token() -> str:
    """256 random bits for a link or a cookie, in letters that need no quoting."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """80 random bits to be typed by hand: `7KQ2-M4XA-9RTB-HW3F`."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def read_code(typed: str) -> str:
    """A code as it was meant: small letters, missing or other dashes, O for 0 and I for 1 are forgiven."""
    signs = "".join(sign for sign in typed.upper() if sign.isalnum()).translate(_LOOKALIKE)
    return "-".join(signs[start : start + _GROUP] for start in range(0, len(signs), _GROUP))


def hash_of(secret: str) -> bytes:
    """What the database keeps of a token or code."""
    return hashlib.sha256(secret.encode()).digest()
