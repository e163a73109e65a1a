"""What a WSGI app may send beside its response: 103 Early Hints, on which browsers act before it, and trailers (H40, N13).

PEP 3333 knows neither; gunicorn offers both as callables in the environ, each of which takes a list of header pairs. May import
the engine. The WSGI transport and the Django middleware put the filtered ones into the environ that the app sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .engine.exchange import Exchange

_CHANNELS: Final = ("wsgi.early_hints", "gunicorn.http2.send_trailers")


def guard_side_channels(environ: dict[str, Any], exchange: Exchange) -> None:
    """Let what these callables of the environ send pass through ``exchange`` first."""
    for key in _CHANNELS:
        send = environ.get(key)
        if callable(send):
            environ[key] = _filtered(send, exchange)


def _filtered(send: Callable[[Any], object], exchange: Exchange) -> Callable[[Iterable[tuple[Any, Any]]], None]:
    def send_filtered(headers: Iterable[tuple[Any, Any]]) -> None:
        given = [(_octets(name), _octets(value)) for name, value in headers]
        kept = exchange.filter_headers(given)
        if kept or not given:
            send([(name.decode("latin-1"), value.decode("latin-1")) for name, value in kept])

    return send_filtered


def _octets(text: str | bytes) -> bytes:
    """gunicorn takes either; raises UnicodeEncodeError for characters outside latin-1, as it does."""
    return text.encode("latin-1") if isinstance(text, str) else bytes(text)
