"""The chain, which runs the parts around an application, and the exchange, which passes through them.

Plain ASGI middlewares each wrap `receive` and `send` once more, so that every message passes through one coroutine per
middleware; a chain wraps both once, however many parts it has. `benchmarks/results/kit.json` has the measured cost of
all parts ("everything") and of the usual separate middlewares ("usual").
"""

from .asgi import ASGIApp, Header, Message, Receive, Scope, Send
from .chain import Chain, Outcome, Part
from .exchange import Exchange, current
from .response import Response, json_response, text_response

__all__ = [
    "ASGIApp",
    "Chain",
    "Exchange",
    "Header",
    "Message",
    "Outcome",
    "Part",
    "Receive",
    "Response",
    "Scope",
    "Send",
    "current",
    "json_response",
    "text_response",
]
