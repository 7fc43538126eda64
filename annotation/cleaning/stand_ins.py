"""Where stand-ins come from: names that nobody has, built from pieces, and domains kept free for examples (RFC 2606).

They are closed sets, and none of the names that are looked for is among them, so that a stand-in is known again and
cleaning what was cleaned finds nothing.
"""

from __future__ import annotations

from functools import cache
from itertools import product

from annotation.cleaning.word_lists import words

STEMS = words("""
Al Bel Cor Dor El Fen Gal Hel Il Jor Kel Lor Mel Nor Or Pel Ros Sel Tal Ver Wil Yor Zel Bri Cal Dal Ev Fal
Gwel Hal Is Jas Kor Lum Mor Nel Os Per Quen Rav Sor Thal Ul Vor Wen Yel Zor Aur Bren Cel""")
_FEMALE_ENDS = words("""vanda vetta vina vissa vinda venna vora vaya melda mina rietta randa lisa linde""")
_MALE_ENDS = words("""vard vik vorn von mond mund dric drel ward wick bern gar rand rian""")
_HEADS = words("""
Aven Bram Calder Dorn Elder Farrow Gald Haver Inver Jasp Kest Lorn Marl Nether Orm Penn Quill Raven Sorrel
Thorn Ulver Varn Wexen Yarrow Zeller Brax Crom Dunn Esk Fenn Glas Hexen Ister Keld Lund Mosk Norr Ost Pell
Rusk Sten Tarn Umber Vesk Wold Birk Corm Drum Ells Frith""")
_TAILS = words("""
averly by combe croft dall denne fell forde garth grave hollow holt keep lach leigh lock mere moor nath
ridge sby scar shaw stead stowe thorpe thwaite vale wath wick worthe wyck yard""")


GIVEN_ENDS = {"female": _FEMALE_ENDS, "male": _MALE_ENDS}


def given(gender: str, stem: int, end: int) -> str:
    return STEMS[stem] + GIVEN_ENDS[gender][end]


@cache
def surnames() -> tuple[str, ...]:
    return tuple(sorted({head + tail for head, tail in product(_HEADS, _TAILS)}))


@cache
def all_names() -> frozenset[str]:
    everybody = [stem + end for stem, end in product(STEMS, [*_FEMALE_ENDS, *_MALE_ENDS])]
    return frozenset(name.casefold() for name in (*everybody, *surnames()))
