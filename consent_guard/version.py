"""The library's version, in one place: ``__version__``, every receipt and every entity tag say it.

May import nothing of the package. A test holds it equal to the distribution's own version.
"""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
