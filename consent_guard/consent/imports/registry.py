"""Which reader reads which tool's cookies.

May import the readers. The importer asks it; a test compares it with the tools that a policy may name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from . import cms_tools, json_tools, text_tools
from .reading import Cookies, Reading

Reader = Callable[[Cookies], Reading]

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "tarteaucitron": text_tools.tarteaucitron,
        "klaro": json_tools.klaro,
        "orejime": json_tools.orejime,
        "vanilla-cookieconsent": json_tools.vanilla,
        "cookiebot": text_tools.cookiebot,
        "onetrust": text_tools.onetrust,
        "cookieyes": text_tools.cookieyes,
        "axeptio": json_tools.axeptio,
        "didomi": json_tools.didomi,
        "complianz": cms_tools.complianz,
        "drupal-eu-cookie-compliance": cms_tools.drupal,
        "django-cookie-consent": text_tools.django_cookie_consent,
    }
)
