"""Templates: renders the pages from Jinja templates."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from granter_web import words
from granter_web.hits import highlight
from granter_web.search_query import CURRENCIES, SORTS


class Templates:
    """The templates of all pages, compiled when the service starts, so that an error in one prevents the start."""

    def __init__(self, asset: Callable[[str], str], version: str) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(asset=asset, version=version, sorts=SORTS, currencies=CURRENCIES)
        self._environment.filters.update(
            day=words.day_in_words,
            amount=words.amount_in_words,
            language=words.language_in_words,
            reader=words.reader_in_words,
            wait=words.wait_in_words,
            search=words.search_in_words,
            chips=words.chips_of,
            hits=highlight,
        )
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def page(self, template: str, **values: object) -> str:
        return self._environment.get_template(template).render(values)
