"""Which language a text is in, told by its small words: the, der, les, gli, os, het...

A third of running text is made of some eighty words that are the same in every subject (Ingle 1976; Grefenstette 1995
found them as good as letter trigrams for a sentence or more). No model and no dependency: the libraries that do this
better on single words load 90 MB or more. Short, mixed and telegraphic texts get no answer rather than a guess.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from annotation.checks.hints import Hint

SMALL_WORDS = {
    "en": """the of and to in is that for it was on with as be by at this are from or have an not which but had
        has they he she his her their you we were been will would there its if what when who no all can about
        than into could only other some them then these more do my our your any may should because after before
        did does until where while such through being between against both each under since said nor how why up
        out over also""",
    "de": """der die das und in zu den von mit sich des auf für ist im dem nicht ein eine als auch es an werden
        aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder
        aber vor zur bis mehr durch man sein wurde sei ihr ihre wenn wir kann ich mich mir uns diese dieser
        dieses keine kein schon wurden worden unter gegen seit ohne beim vom ihm ihn sowie weil damit bitte
        sollte müssen muss können hatte war gibt""",
    "fr": """le la les de des du et en un une est que qui dans pour pas au aux par sur ce cette ces se ne plus
        avec il elle on nous vous ils elles son sa ses leur leurs mais ou où été être avoir a ont sont était
        étaient fait comme tout tous si sans aussi donc je mon ma mes votre vos notre nos entre après avant lors
        chez depuis sous dont cela même très bien peut doit aucun aucune veuillez ainsi lorsque contre d l qu n
        s c j""",
    "es": """el la los las de del y en un una es que se por con no para su sus al lo como más o pero fue ha este
        esta estos estas ese esa eso son sin sobre también me mi le les ya entre cuando muy hasta desde está
        están ser era tiene tienen puede porque todo todos hay nos donde quien han había fueron usted si según
        contra durante antes después ella él ellos nosotros cada otro otra debe favor""",
    "it": """il lo la i gli le di del della dei degli delle e in un una uno è che si per con non al alla ai alle
        agli da dal dalla dai dalle nel nella nei nelle sul sulla come più o ma ha hanno sono stato stata stati
        questo questa questi queste suo sua suoi anche se ed era essere dopo prima quando perché tra fra sia
        molto tutti tutto ci mi lei lui loro deve può senza ogni contro già essere l d un dell all nell dall""",
    "pt": """o a os as de do da dos das e em um uma é que se por com não para seu sua seus suas ao aos à às no na
        nos nas como mais ou mas foi há este esta estes estas esse essa isso são sem sobre também me meu minha
        já entre quando muito até desde está estão ser era tem têm pode porque tudo todos pelo pela pelos pelas
        lhe você ele ela eles nós onde quem foram tinha depois antes cada outro outra deve num numa contra""",
    "nl": """de het een en van in is dat op te voor met zijn niet aan er om ook als dan maar bij nog uit naar door
        over ze zij hij heeft hebben had wordt worden werd die deze dit wat of was tot je mijn haar hun ons onze
        geen kan kunnen moet zal zou wel meer na al toen omdat tegen sinds zonder onder tussen ik we wij u uw
        waar wie hoe veel andere elke iedere alleen eerst daarna volgens""",
}
NAMES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
}
FEWEST_WORDS = 8
FEWEST_FOUND = 3  # different small words of the language
LEAST_SHARE = 0.15  # of all words, weighed: notes and lists have less, and no language is told of them
LEAD = 1.5  # times as much as the next language
_WORD = re.compile(r"[^\W\d_]+")


def _weights() -> dict[str, dict[str, float]]:
    """Word -> language -> weight. A word of three languages says a third about each."""
    languages = {code: frozenset(words.split()) for code, words in SMALL_WORDS.items()}
    shared = Counter(word for words in languages.values() for word in words)
    return {word: {code: 1 / shared[word] for code in languages if word in languages[code]} for word in shared}


_WEIGHTS: Mapping[str, Mapping[str, float]] = _weights()


def detect(text: str) -> str | None:
    """The two-letter code, or None where the text is short, unclear or in a language that is not known here.

    A text whose halves are in two languages is unclear: a letter with its translation, an answer that quotes.
    """
    words = _WORD.findall(text.casefold())
    code = _clearest(words)
    middle = len(words) // 2
    if code is None or any(_clearest(half) not in (code, None) for half in (words[:middle], words[middle:])):
        return None
    return code


def _clearest(words: list[str]) -> str | None:
    if len(words) < FEWEST_WORDS:
        return None
    scores: defaultdict[str, float] = defaultdict(float)
    found: Counter[str] = Counter()
    for word, times in Counter(filter(_WEIGHTS.__contains__, words)).items():
        for code, weight in _WEIGHTS[word].items():
            scores[code] += times * weight
            found[code] += 1
    ranked = sorted(scores.items(), key=lambda each: -each[1])[:2]
    if not ranked:
        return None
    code, best = ranked[0]
    runner_up = ranked[1][1] if len(ranked) > 1 else 0.0
    clear = best >= LEAST_SHARE * len(words) and best >= LEAD * runner_up and found[code] >= FEWEST_FOUND
    return code if clear else None


def language_hints(text: str, wanted: str) -> list[Hint]:
    """`wanted`: the project's language, also as “pt-BR”. Nothing where it is none of those known here."""
    wanted = wanted.casefold().split("-")[0].split("_")[0]
    if wanted not in NAMES:
        return []
    detected = detect(text)
    if detected is None or detected == wanted:
        return []
    return [Hint("language", f"This reads like {NAMES[detected]}; the project is in {NAMES[wanted]}.")]
