"""The words of the composer: its script has none of its own."""


def composer_labels() -> dict[str, str]:
    """Label by key, in the reader's language."""
    return {}
