"""Models: the chain that the settings describe, Gemini first, with metrics of each model's outcomes."""

from granter_data.extraction.chain import Chain
from granter_data.extraction.extracted import Attempt
from granter_data.extraction.remote import Gemini, OpenAI
from granter_data.settings import Settings
from mainstay_kit import Registry


def chain_of(settings: Settings, registry: Registry) -> Chain:
    timeout = settings.extract_within
    gemini = Gemini(settings.gemini_url, settings.gemini_model, settings.gemini_api_key, timeout)
    openai = OpenAI(settings.openai_url, settings.openai_model, settings.openai_api_key, timeout)

    def count(attempt: Attempt) -> None:
        documentation = "Attempts to read a notice, by reader and outcome."
        registry.counter("granter_readings_total", documentation, by=attempt.by, outcome=attempt.outcome).inc()

    return Chain([gemini, openai], count)
