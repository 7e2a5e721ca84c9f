"""The texts to translate: `python -m tests.messages` brings ``genbilling/locale`` up to date.

It puts what is new into each .po file, takes out what is gone, makes the .mo files, and says what has to be
translated. A new language: `python -m tests.messages fr`.
"""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

import genbilling

PACKAGE = Path(genbilling.__file__).parent
LOCALE = PACKAGE / "locale"
HEADER = "# Texts of genbilling; `python -m tests.messages` brings this file up to date."
NOBODY = {"msgid_bugs_address": "", "last_translator": "", "language_team": "", "project": "genbilling"}
KEYWORDS = DEFAULT_KEYWORDS | {"gettext_lazy": None, "ngettext_lazy": (1, 2), "pgettext_lazy": ((1, "c"), 2)}


def languages():
    return sorted(folder.name for folder in LOCALE.iterdir())


def po_file(language):
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def texts():
    """Every text of the package that is to be translated, without translations."""
    catalog = Catalog(project="genbilling", charset="utf-8", fuzzy=False)
    methods = [("sandbox/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", extract_template)]
    for _, _, text, _, context in extract_from_dir(PACKAGE, methods, keywords=KEYWORDS):
        catalog.add(text, context=context)
    return catalog


def extract_template(file, keywords, comment_tags, options):
    """Django turns a template into something like Python, whose indentation means nothing."""
    lines = templatize(file.read().decode()).splitlines()
    source = "\n".join(line.strip() for line in lines)
    return extract_python(BytesIO(source.encode()), keywords, comment_tags, options)


def read(language):
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def missing(catalog):
    """The texts without a translation, or with one that somebody has to look at."""
    return [
        message.id
        for message in catalog
        if message.id and (message.fuzzy or not all(strings(message.string)))
    ]


def strings(string):
    return string if isinstance(string, tuple | list) else [string]


def update(language):
    if po_file(language).exists():
        catalog = read(language)
    else:
        po_file(language).parent.mkdir(parents=True)
        catalog = Catalog(locale=language, header_comment=HEADER, fuzzy=False, **NOBODY)
    # Without a new date: what did not change is not written anew.
    catalog.update(texts(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    with po_file(language).open("wb") as file:
        write_po(file, catalog, width=110, no_location=True, sort_output=True)
    with po_file(language).with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    return missing(catalog)


def main(new):
    for language in sorted({*languages(), *new}):
        left = update(language)
        print(f"{language}: {len(left)} texts to translate", *left, sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1:])
