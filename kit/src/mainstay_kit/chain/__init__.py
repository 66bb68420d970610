"""What runs the parts: the chain around an application, and the exchange that goes through it."""

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
