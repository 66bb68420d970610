"""The chain, which runs the parts around an application, and the exchange, which passes through them."""

from .answer import Answer, json_answer, text_answer
from .asgi import ASGIApp, Header, Message, Receive, Scope, Send
from .chain import Chain, Outcome, Part
from .exchange import Exchange, current

__all__ = [
    "ASGIApp",
    "Answer",
    "Chain",
    "Exchange",
    "Header",
    "Message",
    "Outcome",
    "Part",
    "Receive",
    "Scope",
    "Send",
    "current",
    "json_answer",
    "text_answer",
]
