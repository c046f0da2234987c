"""Leaving out what a library would load for uses that are not ours."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Let imports inside believe that these modules are not installed; what is loaded already stays."""
    with ExitStack() as stack:
        for module in modules:
            if module not in sys.modules:
                sys.modules[module] = None  # type: ignore[assignment]  # Python's own sign of it; typeshed has only modules
                stack.callback(sys.modules.pop, module, None)
        yield
