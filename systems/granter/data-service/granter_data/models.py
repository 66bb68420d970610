"""Models: the chain that the settings describe, Gemini first."""

from granter_data.extraction.chain import Chain
from granter_data.extraction.remote import Gemini, OpenAI
from granter_data.settings import Settings


def chain_of(settings: Settings) -> Chain:
    within = settings.extract_within
    gemini = Gemini(settings.gemini_url, settings.gemini_model, settings.gemini_api_key, within)
    openai = OpenAI(settings.openai_url, settings.openai_model, settings.openai_api_key, within)
    return Chain([gemini, openai])
