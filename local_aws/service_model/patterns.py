"""The regular expressions of AWS's service models, which are Java's, in the words of Python."""

from __future__ import annotations

import itertools
import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache

# Java's names for sets of ASCII characters.
ASCII_SETS = {
    "ASCII": r"\x00-\x7F",
    "Alpha": "A-Za-z",
    "Alnum": "A-Za-z0-9",
    "Digit": "0-9",
    "Lower": "a-z",
    "Upper": "A-Z",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1F\x7F",
    "XDigit": "0-9A-Fa-f",
    "Space": r" \t\n\x0B\f\r",
}
# Nothing that anybody writes is beyond.
LAST_LETTER = 0x323AF
TOKEN = re.compile(r"\\[pP]\{(?:Is)?(\w+)\}|\\[pP]([A-Z])|\\x\{(\w+)\}|\\u(\w{4})|\\.|.", re.DOTALL)
SURROGATES = re.compile(r"\\u(D[89AB]\w\w)\\u(D[C-F]\w\w)", re.IGNORECASE)


class UntranslatableError(ValueError):
    """A pattern that says what Python's regular expressions cannot."""


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    """Tell whether a text is what a pattern of a model asks for. UntranslatableError where that cannot be told.

    AWS compares the whole text, unless the pattern itself says where it begins or ends.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(translated(pattern), re.ASCII)
    except (re.error, FutureWarning) as problem:
        raise UntranslatableError(f"{pattern}: {problem}") from problem
    compare = compiled.search if is_anchored(pattern) else compiled.fullmatch
    return lambda text: compare(text) is not None


def is_anchored(pattern: str) -> bool:
    return pattern.startswith(("^", "(^")) or pattern.endswith(("$", "$)"))


def translated(pattern: str) -> str:
    pattern = SURROGATES.sub(lambda pair: rf"\x{{{code_point(pair[1], pair[2]):X}}}", pattern)
    words, depth, after_set = list[str](), 0, False
    tokens = list(TOKEN.finditer(pattern))
    for place, token in enumerate(tokens):
        text, is_set = token[0], False
        if text in ("[", "]") and (text == "[" or depth):
            depth += 1 if text == "[" else -1
            # A set within a set is their union, and needs no brackets of its own.
            words.append(text if depth == (text == "[") else "")
        elif depth and text == "&" and pattern[token.start() :].startswith("&&"):
            raise UntranslatableError(f"{pattern}: an intersection of sets")
        elif name := token[1] or token[2]:
            is_set, excluded = True, text[1] == "P"
            if excluded and depth:
                raise UntranslatableError(f"{pattern}: all but a set, within a set")
            words.append(ranges(name) if depth else f"[{'^' if excluded else ''}{ranges(name)}]")
        elif number := token[3] or token[4]:
            words.append(f"\\U{int(number, 16):08X}")
        elif depth and text == "-" and (after_set or begins_a_set(tokens[place + 1][0])):
            words.append(r"\-")
        elif depth > 1 and text == "^":
            raise UntranslatableError(f"{pattern}: all but a set, within a set")
        else:
            is_set = text in (r"\w", r"\d", r"\s")
            words.append({r"\z": r"\Z", r"\/": "/"}.get(text, text))
        after_set = is_set
    return "".join(words).replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!")


def begins_a_set(text: str) -> bool:
    return text[:2] in (r"\w", r"\d", r"\s", r"\p")


def code_point(high: str, low: str) -> int:
    return 0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00


def ranges(name: str) -> str:
    """The inside of a set of characters by its name."""
    if name in ASCII_SETS:
        return ASCII_SETS[name]
    if name not in categories():
        raise UntranslatableError(f"the set of characters {name}")
    return categories()[name]


@cache
def categories() -> dict[str, str]:
    """Unicode's categories, each as ranges of characters; read once, when the first pattern asks for one."""
    found = dict[str, list[str]]()
    code = 0
    for category, run in itertools.groupby(map(unicodedata.category, map(chr, range(LAST_LETTER + 1)))):
        first, code = code, code + sum(1 for _ in run)
        for name in (category, category[0]):
            found.setdefault(name, []).append(f"\\U{first:08X}-\\U{code - 1:08X}")
    return {name: "".join(runs) for name, runs in found.items()}
