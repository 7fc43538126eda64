"""What is wrong with a text as a whole, and the remarks around it that are no part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLANK = r"[ \t]*"
_OPENINGS = re.compile(
    r"\s*(?:"
    r"(?:sure(?: thing)?|certainly|of course|absolutely|great question|good question|happy to help|okay|no problem)\b"
    r"(?:[!.]+(?=\s|$)|[ ]?[,:–—-]+[ ]?(?:here|i|let|happy|glad|no|this|below|the following)\b[^\n.!?:]{0,160}"
    r"(?:[!.:](?=\s|$)|\n))"
    r"|(?:here(?:'s|’s| is| are)|below is|the following is) (?:a|an|the|your|my|some)\b[^\n.!?:]{0,120}"
    r"(?:summary|answer|response|draft|version|list|rewrite|explanation|overview|analysis|breakdown|letter|email|e-mail"
    r"|text|translation)\b[^\n.!?:]{0,120}:(?=\s)"
    r"|as an? (?:ai|artificial intelligence|(?:large )?language model)\b[^\n.!?]{0,300}[.!](?=\s|$)"
    r"|i(?:'m|’m| am) (?:just )?an? (?:ai|(?:large )?language model)\b[^\n.!?]{0,300}[.!](?=\s|$)"
    r"|(?:thank you|thanks)(?: so much| very much)? for (?:your|the|reaching|sharing|providing|asking|contacting)\b"
    r"[^\n.!?]{0,120}[.!](?=\s|$)"
    r"|i(?:'d|’d| would) be (?:happy|glad) to (?:help|assist)\b[^\n.!?]{0,160}[.!:](?=\s|$)"
    r"|(?:hi|hello|hey|greetings|good (?:morning|afternoon|evening))(?: there| all| everyone| team)?\b"
    rf"(?:,? [A-Z][\w'’-]{{1,20}}){{0,2}}{_BLANK}[!,.](?=\s)"
    r")",
    re.IGNORECASE,
)
_CLOSINGS = re.compile(
    r"(?:^|(?<=[.!?\n])|(?<=[.!?] ))[ \t]*(?:"
    r"(?:i )?hope (?:this|that|it) (?:helps|is helpful|answers|clarifies)\b"
    r"|(?:please )?(?:let me know|feel free to|do(?:n't|n’t| not) hesitate to)\b(?=[^\n.!?]{0,160}"
    r"\b(?:help|assist|question|more|else|further|ask|reach out|clarif|would like|adjust|change|need))"
    r"|if you (?:have any|need any|need|would like|want|’d like|'d like)[^\n.!?]{0,80}"
    r"(?:questions|help|assistance|clarification|details|changes)[^\n.!?]{0,40}(?:let me know|feel free|ask)"
    r"|is there anything else i can\b"
    r"|would you like me to\b"
    r"|(?:have a (?:great|nice|good|wonderful) (?:day|one|evening|weekend|week))"
    r"|(?:many thanks|thanks(?: again| so much| in advance| a lot)?|thank you(?: again| so much| very much"
    r"| in advance)?)"
    r"(?=[ \t]*[!.]|[ \t]*$)"
    r"|(?:best|kind|warm) regards\b|cheers\b(?=[!,.])|good luck\b(?=[ \t]*(?:!|with your))"
    r")[^\n.!?]{0,200}[.!?]*\s*$",
    re.IGNORECASE,
)
_REFUSING = re.compile(r"(?<![\w.])as an? (?:ai|(?:large )?language model)\b[^\n.!?]{0,300}[.!](?=\s|$)", re.IGNORECASE)
_LETTER = re.compile(r"^\s*(?:dear|to whom)\b|\n\s*dear\b|^(?:from|to|subject|re|via):", re.IGNORECASE | re.MULTILINE)
_LONGEST_CLOSING = 400  # characters at the end that are looked at
_LONGEST_LEAD = 300  # characters in which a letter shows that it is one
_MOST_REMARKS = 3

_LETTERS = re.compile(r"[^\W_]")
_ENDS_OPEN = re.compile(
    r"(?:\b(?:the|a|an|of|and|or|nor|with|from|into|because|if|than|which|whose|our|their|my|your|its|every|between"
    r"|whether|although|unless|until|while|der|die|das|und|oder|mit|le|la|les|et|ou|avec|el|los|y|con)"
    r"|[,(\[{“„‘]| [-–—])$",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?…:;。！？][\"'”’»)\]*_]{0,4}(?:\s|$)")
_LAST_SIGN = re.compile(r"[\w,]$")
_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,3}[.)]|[a-z][.)]|#{1,6} |\||>|[\w ]{1,30}: )")
_LONG_ENOUGH = 30  # words; shorter texts are often notes and labels
_LONG_LINE = 6


def chatter(text: str, answer: bool) -> Iterator[tuple[int, int]]:
    """At the beginning and at the end, a few remarks each. A letter's own greeting and thanks belong to it."""
    if _LETTER.search(text, 0, _LONGEST_LEAD):
        return
    start = 0
    for _ in range(_MOST_REMARKS):
        match = _OPENINGS.match(text, start)
        if match is None or not match[0].strip():
            break
        start = _after_blanks(text, match.end())
    if start and (answer or text[start:].strip()):
        yield 0, start
    end = len(text)
    for _ in range(_MOST_REMARKS):
        window = max(start, end - _LONGEST_CLOSING)
        match = _CLOSINGS.search(text, window, end)
        if match is None:
            break
        end = match.start()
    if answer and "as a" in text.casefold():
        for match in _REFUSING.finditer(text, start, end):
            yield match.start(), _after_blanks(text, match.end())
    if end < len(text):
        yield end - (len(text[start:end]) - len(text[start:end].rstrip())), len(text)


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def is_empty(text: str) -> bool:
    return not _LETTERS.search(text)


def why_truncated(text: str, answer: bool) -> str:
    """A sentence; empty where the text ends as texts do. Notes end without a full stop more often than answers."""
    written = text.rstrip()
    if written.count("```") % 2:
        return "A block of code is opened and not closed."
    last = written.rsplit("\n", 1)[-1]
    words = written.split(None, _LONG_ENOUGH)
    if len(words) >= _LONG_LINE and _ENDS_OPEN.search(last[-24:]):
        return "It ends where a sentence must go on."
    if not answer or len(words) <= _LONG_ENOUGH or not _LAST_SIGN.search(last) or len(last.split()) < _LONG_LINE:
        return ""
    if _ITEM.match(last):
        return _unlike_other_items(written)
    ended = len(_ENDED.findall(written))
    return "The last sentence has no end, and the others have." if ended >= 2 else ""


def _unlike_other_items(written: str) -> str:
    """A list's last item has no full stop though each of the others has one."""
    *before, _last = [line.rstrip() for line in written.split("\n") if line.strip()]
    items = [line for line in before if _ITEM.match(line)]
    ended = sum(line.endswith((".", "!", "?", ";")) for line in items)
    return "The last line has no end, and the others have." if len(items) >= 2 and ended == len(items) else ""
