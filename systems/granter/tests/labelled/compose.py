# ruff: noqa: E501 (the pages contain long lines)
"""Compose notices from phrases for the two sites, and labels of their contents. The rules are not used.

    python systems/granter/tests/labelled/compose.py

Writes pages to notice-site and labels to labels.json beside this file. The same seed writes the same notices.
"""

import json
import random
import re
import textwrap
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import ClassVar

import phrases

HERE = Path(__file__).parent
SITE = HERE.parent.parent / "notice-site" / "notice_site"
NORTH, SOUTH = 84, 152
LANGUAGES = ["en"] * 9 + ["de"] * 4 + ["fr"] * 3 + ["es"] * 3 + ["pt", "it", "nl"] + ["pt"]
EDGE = 100
SEED = 41


@dataclass
class Spec:
    """One notice: its facts, and its text."""

    language: str
    scored: bool
    title: str
    funder: str
    topics: tuple[str, ...]
    deadline: str | None = None
    amount: dict[str, object] | None = None
    facts: list[tuple[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


class Composer:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.used: set[str] = set()

    def pick(self, phrases: list[str], scored: bool) -> str:
        """Return one of *phrases*. Phrases with `!` are only for the scored half, which uses them half of the time."""
        new = [phrase[1:] for phrase in phrases if phrase.startswith("!")]
        old = [phrase for phrase in phrases if not phrase.startswith("!")]
        return self.chance.choice(new if scored and new and self.chance.random() < 0.5 else old)

    def spec(self, scored: bool) -> Spec:
        while True:
            language = self.chance.choice(LANGUAGES)
            theme = self.chance.choice([t for t, (_, by) in phrases.THEMES.items() if language in by])
            topics, by = phrases.THEMES[theme]
            names, sentences = by[language]
            title = self.pick(phrases.TITLES[language], scored).format(
                t=self.pick(names, scored), year=self.chance.choice((2027, 2028))
            )
            if self.chance.random() < 0.3:
                title += " " + self.chance.choice(
                    ["II", "III", "IV", "V", "VII", "(A)", "(B)", "– Süd" if language == "de" else "North"]
                )
            if title not in self.used:
                break
        self.used.add(title)
        spec = Spec(language, scored, title, self.pick(phrases.FUNDERS[language], scored), topics)
        about = [s.removeprefix("!") for s in sentences if scored or not s.startswith("!")]
        self.chance.shuffle(about)
        spec.lines += about[: self.chance.randint(1, 3)]
        self._funder(spec)
        self._deadline(spec)
        self._amount(spec)
        if self.chance.random() < 0.25:
            spec.facts.append((self.pick(phrases.TOPIC_LABELS[language], scored), " / ".join(topics)))
        if self.chance.random() < 0.6:
            region = self.chance.choice(phrases.REGIONS[language])
            spec.lines.append(self.chance.choice(phrases.REGION_SENTENCES[language]).format(r=region))
        spec.lines += self.chance.sample(
            [s.removeprefix("!") for s in phrases.GENERIC[language] if scored or s[0] != "!"], 1
        )
        self.chance.shuffle(spec.facts)
        return spec

    def _funder(self, spec: Spec) -> None:
        if self.chance.random() < 0.62:
            spec.facts.append((self.pick(phrases.FUNDER_LABELS[spec.language], spec.scored), spec.funder))
        else:
            sentence = self.pick(phrases.FUNDER_SENTENCES[spec.language], spec.scored).format(f=spec.funder)
            spec.lines.insert(self.chance.randint(0, 1), _grammatical(sentence, spec))

    def _deadline(self, spec: Spec) -> None:
        roll = self.chance.random()
        language = spec.language
        if roll < 0.1:
            spec.deadline = "rolling"
            spec.lines.append(self.pick(phrases.ROLLING[language], spec.scored))
            return
        if roll < 0.15:
            return
        day = date(2026, 12, 1) + timedelta(days=self.chance.randint(0, 700))
        if self.chance.random() < 0.1:
            day = date(2026, 5, 1) + timedelta(days=self.chance.randint(0, 150))
        spec.deadline = day.isoformat()
        if roll < 0.22 and language in phrases.EXTENDED:
            old = day - timedelta(days=self.chance.randint(10, 40))
            first, second = phrases.EXTENDED[language]
            spec.lines.append(first.format(old=self.date(old, spec)))
            spec.lines.append(second.format(new=self.date(day, spec)))
        elif roll < 0.65:
            spec.facts.append((self.pick(phrases.DEADLINE_LABELS[language], spec.scored), self.date(day, spec)))
        else:
            spec.lines.append(
                self.pick(phrases.DEADLINE_SENTENCES[language], spec.scored).format(d=self.date(day, spec, words=True))
            )
        if self.chance.random() < 0.5:
            other = self.pick(phrases.OTHER_DATES[language], spec.scored)
            near = day + timedelta(days=self.chance.choice((-60, -30, 45, 90)))
            spec.lines.insert(
                self.chance.randint(0, len(spec.lines)), other.format(d=self.date(near, spec, words=True))
            )

    def date(self, day: date, spec: Spec, *, words: bool = False) -> str:
        month = phrases.MONTHS[spec.language].split()[day.month - 1]
        d, m, y = day.day, day.month, day.year
        forms = {
            "en": [
                f"{d} {month} {y}",
                f"{month} {d}, {y}",
                f"{_nth(d)} {month} {y}",
                f"{d} {month[:3]} {y}",
                f"{y}-{m:02}-{d:02}",
                f"{d}-{month[:3]}-{y}",
            ],
            "de": [f"{d}. {month} {y}", f"{d:02}.{m:02}.{y}", f"{d}.{m}.{y}"],
            "fr": [f"{'1er' if d == 1 else d} {month} {y}", f"{d:02}/{m:02}/{y}"],
            "es": [f"{d} de {month} de {y}", f"{d:02}/{m:02}/{y}", f"{d} de {month} del {y}"],
            "pt": [f"{d} de {month} de {y}", f"{d:02}/{m:02}/{y}"],
            "it": [f"{d} {month} {y}", f"{d:02}/{m:02}/{y}"],
            "nl": [f"{d} {month} {y}", f"{d:02}-{m:02}-{y}"],
        }[spec.language]
        form = self.chance.choice(forms[:3] if words and spec.language == "en" else forms[:1] if words else forms)
        if spec.language == "en" and self.chance.random() < 0.2:
            form = f"{day:%A} {form}" if form[0].isdigit() and not form.startswith("20") else form
        return form

    def _amount(self, spec: Spec) -> None:
        language = spec.language
        roll = self.chance.random()
        if roll < 0.1:
            return
        currency = self.chance.choice(phrases.CURRENCIES[language])
        small = self.chance.choice((500, 1_500, 2_500, 4_000, 7_500, 12_000, 20_000, 35_000, 60_000, 150_000, 400_000))
        large = small * self.chance.choice((2, 3, 5, 10))
        most, span, fixed, least = phrases.AMOUNT_SHAPES[language]
        style = self.style(currency, language)
        if roll < 0.45:
            text = self.pick(most, spec.scored).format(x=style(large))
            bounds: tuple[int | None, int | None] = (None, large)
        elif roll < 0.75:
            text = self.pick(span, spec.scored).format(x=style(small), y=style(large))
            bounds = (small, large)
        elif roll < 0.93 or least == fixed:
            text, bounds = self.pick(fixed, spec.scored).format(x=style(large)), (large, large)
        else:
            text, bounds = self.pick(least, spec.scored).format(x=style(small)), (small, None)
        spec.amount = {"least": bounds[0], "most": bounds[1], "currency": currency}
        if self.chance.random() < 0.6:
            spec.facts.append((self.pick(phrases.AMOUNT_LABELS[language], spec.scored), text))
        else:
            spec.lines.append(self.pick(phrases.AMOUNT_SENTENCES[language], spec.scored).format(a=text))
        if self.chance.random() < 0.25:
            total = style(large * self.chance.choice((20, 40)))
            if self.chance.random() < 0.4:
                spec.facts.append((phrases.TOTAL_SHOWN[language], total))
            else:
                spec.lines.append(self.pick(phrases.TOTALS[language], spec.scored).format(x=total))
        if phrases.NOISE[language] and self.chance.random() < 0.2:
            noise = self.pick(phrases.NOISE[language], spec.scored)
            spec.lines.append(noise.format(x=style(large * 7), small=style(25), big=style(large * 90)))

    def style(self, currency: str, language: str) -> "Style":
        return Style(currency, language, self.chance)


class Style:
    """The format of all sums in one notice."""

    SIGNS: ClassVar = {
        "EUR": "€",
        "GBP": "£",
        "USD": "US$",
        "CHF": "CHF ",
        "KES": "KES ",
        "CAD": "CA$",
        "MXN": "MXN ",
        "BRL": "R$ ",
    }
    NAMES: ClassVar = {"EUR": {"en": "euros", "de": "Euro", "fr": "euros", "es": "euros", "pt": "euros", "it": "euro", "nl": "euro"},
             "CHF": {"de": "Franken", "fr": "francs"}, "GBP": {"en": "pounds"}, "BRL": {"pt": "reais"}}  # fmt: skip

    def __init__(self, currency: str, language: str, chance: random.Random) -> None:
        self.mark = "," if language == "en" else chance.choice((".", "\u00a0")) if currency != "CHF" else "'"
        if language == "fr":
            self.mark = " "
        self.currency, self.language = currency, language
        shapes = ["sign", "code", "code-after"] + (["name"] if language in self.NAMES.get(currency, {}) else [])
        self.shape = chance.choice(
            shapes if language == "en" else [s for s in shapes if s != "sign" or currency in ("BRL", "USD")]
        )
        self.short = language == "en" and chance.random() < 0.2

    def __call__(self, value: int) -> str:
        number = f"{value:,}".replace(",", self.mark)
        if self.short and value >= 1_000_000 and value % 100_000 == 0:
            number = f"{value / 1_000_000:g} million"
        elif self.short and value >= 10_000 and value % 1000 == 0 and self.shape == "sign":
            number = f"{value // 1000}k"
        if self.shape == "sign":
            return f"{self.SIGNS[self.currency]}{number}"
        if self.shape == "code":
            return f"{self.currency} {number}"
        if self.shape == "code-after":
            return f"{number} {'€' if self.currency == 'EUR' and self.language != 'en' else self.currency}"
        return f"{number} {self.NAMES[self.currency][self.language]}"


def _nth(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _grammatical(sentence: str, spec: Spec) -> str:
    """Return *sentence* with the article of the funder's name."""
    name = spec.funder
    if spec.language == "de" and re.match("Bundesamt|Ministerium", name):
        return sentence.replace("Die " + name, "Das " + name).replace("durch die", "durch das")
    if spec.language == "de" and name.startswith("Landesverband"):
        return sentence.replace("Die " + name, "Der " + name).replace("durch die", "durch den")
    if spec.language == "fr" and name[0] in "AEIO":
        return sentence.replace("La ", "L’").replace("par la ", "par l’")
    if spec.language == "fr" and name.startswith("Ministère"):
        return sentence.replace("La ", "Le ").replace("par la ", "par le ")
    if spec.language in ("es", "it") and re.match("Instituto|Consejo|Ente", name):
        return sentence.replace("La " + name, ("El " if spec.language == "es" else "L’") + name).replace(
            "por la", "por el"
        )
    if spec.language == "pt" and name.startswith("Instituto"):
        return sentence.replace("A " + name, "O " + name).replace("financiado pela", "financiado pelo")
    if spec.language == "nl" and re.match("Fonds|Genootschap", name):
        return sentence.replace("De " + name, "Het " + name)
    return sentence


# Layouts: each returns the page of a spec.


def _head(spec: Spec, site: str, *, lang: bool = True) -> str:
    language = f" lang={spec.language}" if lang else ""
    return f"<!doctype html>\n<html{language}><head><meta charset=utf-8><title>{escape(spec.title)} | {site}</title></head>\n<body>\n"


def definition_list(spec: Spec, site: str) -> str:
    facts = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>\n" for label, value in spec.facts)
    text = "".join(f"<p>{escape(line)}</p>\n" for line in spec.lines)
    return f"{_head(spec, site)}<header>{site}</header><main><h1>{escape(spec.title)}</h1>\n<dl>\n{facts}</dl>\n{text}</main></body></html>\n"


def two_columns(spec: Spec, site: str) -> str:
    facts = "".join(f"<tr><td>{escape(label)}<td>{escape(value)}\n" for label, value in spec.facts)
    text = "\n<p>".join(escape(line) for line in spec.lines)
    return (
        f"{_head(spec, site, lang=False)}<table width=100%><tr><td><b>{site}</b><td align=right><a href=/south/>start</a></table>\n"
        f"<h1>{escape(spec.title)}</h1>\n<table border=1>\n{facts}</table>\n<p>{text}\n</body></html>\n"
    )


def bold_labels(spec: Spec, site: str) -> str:
    facts = "".join(f"<p><strong>{escape(label)}:</strong> {escape(value)}</p>\n" for label, value in spec.facts)
    text = "".join(f"<p>{escape(line)}</p>\n" for line in spec.lines)
    return f"{_head(spec, site)}<article><h1>{escape(spec.title)}</h1>\n{text}{facts}</article>\n<footer>{site}</footer></body></html>\n"


def prose_and_list(spec: Spec, site: str) -> str:
    facts = "".join(f"<li>{escape(label)}: {escape(value)}</li>\n" for label, value in spec.facts)
    text = " ".join(escape(line) for line in spec.lines)
    return f"{_head(spec, site)}<div id=content><h2>{escape(spec.title)}</h2>\n<p>{text}</p>\n<ul>\n{facts}</ul></div></body></html>\n"


def boxes(spec: Spec, site: str) -> str:
    facts = "".join(
        f'<div class="box"><span class="k">{escape(label)}</span><span class="v">{escape(value)}</span></div>\n'
        for label, value in spec.facts
    )
    text = "".join(f"<p>{escape(line)}</p>\n" for line in spec.lines)
    return f"{_head(spec, site)}<main><h1>{escape(spec.title)}</h1>\n<div class=boxes>\n{facts}</div>\n{text}</main></body></html>\n"


def headings(spec: Spec, site: str) -> str:
    facts = "".join(f"<h3>{escape(label)}</h3>\n<p>{escape(value)}</p>\n" for label, value in spec.facts)
    text = "".join(f"<p>{escape(line)}</p>\n" for line in spec.lines)
    return f"{_head(spec, site)}<section><h1>{escape(spec.title)}</h1>\n{text}{facts}</section></body></html>\n"


def sheet(spec: Spec, site: str) -> str:
    """Return the text of a PDF with two columns, page headers and wrapped lines."""
    facts = "\n".join(f"{label:<28}   {value}" for label, value in spec.facts)
    text = "\n\n".join(textwrap.fill(line, 72) for line in spec.lines)
    return f"{site}\n\n{spec.title}\n\n{facts}\n\n{text}\n\nPage 1 of 2\n\x0c{site}\n\n{spec.title}\n\nPage 2 of 2\n"


def leaders(spec: Spec, site: str) -> str:
    """Return the text of a PDF with dots between labels and values."""
    facts = "\n".join(f"{label} {'.' * max(5, 40 - len(label))} {value}" for label, value in spec.facts)
    text = "\n\n".join(textwrap.fill(line, 66, break_on_hyphens=False) for line in spec.lines)
    return f"{spec.title}\n\n{text}\n\n{facts}\n\n- 1 -\n"


HTML_FORMS = [definition_list, bold_labels, prose_and_list, boxes, headings]
SOUTH_FORMS = [two_columns, two_columns, headings, sheet, sheet, leaders]


def main() -> None:
    composer = Composer(SEED)
    labels: dict[str, dict[str, object]] = {}
    north = [
        entry for entry in json.loads((SITE / "listing.json").read_text()) if not entry["slug"].startswith("call-")
    ]
    calls = SITE / "south" / "calls"
    calls.mkdir(parents=True, exist_ok=True)
    for old in [*(SITE / "notices").glob("call-*.html"), *calls.iterdir()]:
        old.unlink()
    register = []
    for at in range(NORTH + SOUTH):
        spec = composer.spec(scored=at % 2 == 1)
        if at < NORTH:
            file = SITE / "notices" / f"call-{at:03}.html"
            text = composer.chance.choice(HTML_FORMS)(spec, "Open Calls Gazette")
            north.append({"slug": file.stem, "title": spec.title, "teaser": spec.lines[0][:EDGE]})
        else:
            form = composer.chance.choice(SOUTH_FORMS)
            file = calls / f"{2000 + at}{'.pdf.txt' if form in (sheet, leaders) else '.html'}"
            text = form(spec, "Register of Public Calls")
            register.append({"reference": f"R{2000 + at}", "title": spec.title, "file": file.name})
        file.write_text(text, encoding="utf-8")
        labels[str(file.relative_to(SITE))] = {
            "half": "scored" if spec.scored else "seen", "title": spec.title, "funder": spec.funder,
            "deadline": spec.deadline, "amount": spec.amount, "topics": sorted(spec.topics),
        }  # fmt: skip
        if not any(spec.funder in part for part in (*spec.lines, *(value for _, value in spec.facts))):
            raise AssertionError(f"{file.name} does not name its funder")
    (SITE / "listing.json").write_text(json.dumps(north, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (SITE / "south" / "register.json").write_text(
        json.dumps(register, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    (HERE / "labels.json").write_text(json.dumps(labels, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(labels)} notices")


if __name__ == "__main__":
    main()
