"""Random dates, times, sums of money, telephone numbers, names, addresses and the like, as people write them.

Each function takes a generator and returns one text.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

import numpy as np

from .vocabulary import COMMON, DAYS, FIRST, LAST, MONTHS, ROADS, STREETS, TITLES, TOWNS, UNITS

CODE = string.ascii_uppercase + string.digits
MARKS = "!\"#&'()*+,-./:;?"


def pick(choices: Sequence[str], random: np.random.Generator) -> str:
    """Draw one of the choices."""
    return choices[int(random.integers(len(choices)))]


def digits(random: np.random.Generator, min_digits: int = 1, max_digits: int = 20) -> str:
    """Draw a string of `min_digits` to `max_digits` digits."""
    return "".join(map(str, random.integers(0, 10, random.integers(min_digits, max_digits + 1))))


def number(random: np.random.Generator) -> str:
    """Draw a whole number, a decimal, one with thousands separators, with a sign or a unit."""
    value = int(10 ** random.uniform(0, 7))
    forms = (f"{value}", f"{value:,}", f"{value / 100:.2f}", f"+{value}", f"-{value}", f"{value} {pick(UNITS, random)}")
    return pick(forms, random)


def ordinal(random: np.random.Generator) -> str:
    """Draw an ordinal: 1st, 22nd, 113th."""
    value = int(10 ** random.uniform(0, 3))
    ending = "th" if value // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def date(random: np.random.Generator) -> str:
    """Draw a date in one of the usual forms."""
    day, month, year = int(random.integers(1, 29)), int(random.integers(1, 13)), int(random.integers(1700, 2040))
    name, weekday = MONTHS[month - 1], pick(DAYS, random)
    suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    forms = (
        *(f"{day}/{month}/{year}", f"{day:02}/{month:02}/{year % 100:02}", f"{year}-{month:02}-{day:02}"),
        *(f"{day}.{month}.{year}", f"{name} {day}, {year}", f"{day} {name} {year}", f"{name[:3]}. {day}, {year}"),
        *(f"{day}{suffix} {name}, {year}", f"{weekday}, {day} {name}", f"{weekday[:3]}. {day} {name[:3]}", f"{year}"),
    )
    return pick(forms, random)


def time(random: np.random.Generator) -> str:
    """Draw a time of day."""
    hour, minute = int(random.integers(0, 24)), int(random.integers(0, 60))
    early = "a.m." if hour < 12 else "p.m."
    twelve = hour % 12 or 12
    forms = (f"{hour}:{minute:02}", f"{hour:02}:{minute:02}:{minute:02}", f"{twelve}.{minute:02} {early}")
    return pick((*forms, f"{twelve} o'clock", f"{twelve} {early}", f"at {twelve}:{minute:02}"), random)


def money(random: np.random.Generator) -> str:
    """Draw a sum of money; currency signs that an alphabet lacks are removed later."""
    value = 10 ** random.uniform(0, 5)
    whole = int(value)
    forms = (f"£{value:,.2f}", f"${value:,.2f}", f"€ {whole:,}", f"£{whole}", f"{whole} pounds", f"${whole}.-")
    return pick(
        (*forms, f"{value:.2f} dollars", f"GBP {value:.2f}", f"{whole % 20}/{whole % 12}", f"{whole}s. 6d."), random
    )


def telephone(random: np.random.Generator) -> str:
    """Draw a telephone number."""
    a, b, c = digits(random, 3, 3), digits(random, 3, 3), digits(random, 4, 4)
    forms = (f"({a}) {b}-{c}", f"+44 {a} {b} {c}", f"0{a} {b} {c}", f"{a}-{c}", f"Tel. 0{a}/{b}{c}", f"+1-{a}-{b}-{c}")
    return pick(forms, random)


def name(random: np.random.Generator) -> str:
    """Draw the name of a person."""
    first, last, title = pick(FIRST, random), pick(LAST, random), pick(TITLES, random)
    forms = (f"{first} {last}", f"{title} {last}", f"{first[0]}. {last}", f"{last}, {first}", f"{title} {first} {last}")
    return pick((*forms, f"{first[0]}. {pick(FIRST, random)[0]}. {last}", f"{last} & {pick(LAST, random)}"), random)


def address(random: np.random.Generator) -> str:
    """Draw a street, a town, or both."""
    house, town = int(10 ** random.uniform(0, 3)), pick(TOWNS, random)
    street = f"{house} {pick(STREETS, random)} {pick(ROADS, random)}"
    postcode = f"{town[0]}{digits(random, 1, 2)} {digits(random, 1, 1)}{''.join(pick(CODE[:26], random) for _ in 'ab')}"
    return pick((street, f"{street}, {town}", f"{town} {postcode}", f"{street}, {town} {postcode}", town), random)


def characters(random: np.random.Generator, alphabet: str = string.ascii_letters + string.digits + MARKS) -> str:
    """Draw random characters: rare ones and rare neighbors are never learned from books."""
    groups = random.integers(1, 5)
    return " ".join("".join(pick(alphabet, random) for _ in range(random.integers(1, 9))) for _ in range(groups))


def code(random: np.random.Generator) -> str:
    """Draw a number plate, a part number or a reference."""
    return pick("-./ :", random).join(
        "".join(pick(CODE, random) for _ in range(random.integers(1, 6))) for _ in range(3)
    )


def marks(random: np.random.Generator) -> str:
    """Draw words between many punctuation marks."""
    a, b, c = (pick(COMMON, random) for _ in range(3))
    forms = (
        *(f'"{a.title()}!" ({b}; {c})', f"{a}/{b}: {c}?", f"'{a}' & '{b}'", f"*{a} - {b}!", f"({a}, {b}, {c})"),
        *(f"#{a} + #{b}", f'"{a}", "{b}"', f"{a}; {b}: {c}...", f"- {a}? - {b}!", f"{a}-{b}-{c}.", f"{a}'s {b}; {c}'d"),
        *(
            f"({int(random.integers(1, 100))}) {a}: {b}",
            f"{a} * {b} + {c}",
            f"etc., e.g. {a}, i.e. {b}",
            f"Re: {a} {b}/{c}",
        ),
    )
    return pick(forms, random)


def words(random: np.random.Generator, count: int) -> str:
    """Draw `count` common words, without sense, sometimes with a comma or a full stop."""
    chosen = [pick(COMMON, random) for _ in range(count)]
    ends = [pick((" ",) * 9 + (", ", ". ", "; ", " - "), random) for _ in chosen]
    sentence = ""
    for word, end in zip(chosen, ends):
        sentence += (word.title() if not sentence or sentence.endswith(". ") else word) + end
    return sentence.strip(" -,;")


PATTERNS: tuple[Callable[[np.random.Generator], str], ...] = (
    *(
        number,
        ordinal,
        date,
        date,
        time,
        money,
        money,
        telephone,
        name,
        name,
        name,
        address,
        address,
        code,
        marks,
        marks,
    ),
    digits,
)


def pattern(random: np.random.Generator) -> str:
    """Draw any of these patterns."""
    return PATTERNS[int(random.integers(len(PATTERNS)))](random)
