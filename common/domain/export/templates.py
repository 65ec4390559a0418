"""Title and description templates of exported events: a closed list of words in braces, replaced once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from common.errors import InvalidRequest

PLACEHOLDERS = frozenset(
    {"service", "resource", "customer", "email", "phone", "note", "reference", "manage_link", "seats"}
)
LONGEST_TEMPLATE = 4_000
LONGEST_TITLE = 1_000
LONGEST_DESCRIPTION = 8_000
_WORD = re.compile(r"\{([^{}]*)\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def check_template(template: str) -> None:
    """Refuse a template before it is stored.

    Nothing but a known word may stand in braces: no attributes, no indexes, no formats.

    Raises:
        InvalidRequest: It is too long, or holds something else in braces, or a lone brace.
    """
    if len(template) > LONGEST_TEMPLATE:
        raise InvalidRequest(
            f"a template has at most {LONGEST_TEMPLATE} characters", code="template_too_long"
        )
    unknown = set(_WORD.findall(template)) - PLACEHOLDERS
    if unknown or set(_WORD.sub("", template)) & {"{", "}"}:
        allowed = ", ".join(sorted(PLACEHOLDERS))
        raise InvalidRequest(f"a template knows these words in braces: {allowed}", code="unknown_placeholder")


def title(template: str, facts: Mapping[str, str]) -> str:
    """One line for the event's title."""
    return " ".join(_filled(template, facts).split())[:LONGEST_TITLE]


def shortened(title: str, longest: int | None) -> str:
    """A title as a provider keeps it that cuts longer ones, counted in the units of UTF-16."""
    units = title.encode("utf-16-le", "surrogatepass")
    if longest is None or len(units) <= 2 * longest:
        return title
    return units[: 2 * longest].decode("utf-16-le", "ignore").rstrip()


def description(template: str, facts: Mapping[str, str]) -> str:
    """The event's text; a line of which all facts are empty is left out."""
    lines = template.replace("\r\n", "\n").split("\n")
    kept = (_filled(line, facts) for line in lines if _says_something(line, facts))
    return "\n".join(kept).strip()[:LONGEST_DESCRIPTION]


def _says_something(line: str, facts: Mapping[str, str]) -> bool:
    words = _WORD.findall(line)
    return not words or any(facts.get(word) for word in words)


def _filled(template: str, facts: Mapping[str, str]) -> str:
    # One pass: braces in what a customer wrote are text, never a placeholder.
    filled = _WORD.sub(lambda match: facts.get(match[1], ""), template)
    return _CONTROL.sub("", filled.replace("\r\n", "\n").replace("\r", "\n"))
