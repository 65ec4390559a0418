"""OData query options: $select, $expand, and the part of $filter that Graph supports for calendars.

https://learn.microsoft.com/graph/query-parameters
Which properties of events can be filtered is documented for a few only; others are refused here.
"""

import re
from collections.abc import Callable
from typing import Any

from local.microsoft.api import schema
from local.microsoft.errors import Json, bad_request, invalid
from local.microsoft.times import parse_parameter

Predicate = Callable[[Json], bool]
TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[(),:]|[^\s(),:']+(?::\d\d[^\s(),']*)?)")
FILTERABLE = frozenset(
    [
        "subject",
        "start/dateTime",
        "end/dateTime",
        "iCalUId",
        "type",
        "isCancelled",
        "isAllDay",
        "isOrganizer",
        "showAs",
        "sensitivity",
        "importance",
        "createdDateTime",
        "lastModifiedDateTime",
        "organizer/emailAddress/address",
    ]
)
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "gt": lambda left, right: bool(left > right),
    "ge": lambda left, right: bool(left >= right),
    "lt": lambda left, right: bool(left < right),
    "le": lambda left, right: bool(left <= right),
    "startswith": lambda left, right: str(left).lower().startswith(str(right).lower()),
    "contains": lambda left, right: str(right).lower() in str(left).lower(),
}


def select(kind: str, wanted: str, answer: Json) -> Json:
    """Return the properties of an answer that $select names; the id and the etag are always among them."""
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if not names or "*" in names:
        return answer
    known = {name.lower(): name for name in schema.properties(kind)}
    for name in names:
        if name.split("/")[0].lower() not in known:
            raise bad_request(f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.")
    kept = {known[name.split("/")[0].lower()] for name in names} | {"id", "@odata.etag"}
    return {name: value for name, value in answer.items() if name in kept or name.startswith("@odata")}


def expansions(text: str) -> dict[str, str]:
    """Read $expand: the names in it, each with the options in its parentheses."""
    found, depth, part = {}, 0, ""
    for character in [*text, ","]:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            name, _, rest = part.strip().partition("(")
            if name:
                found[name] = rest.rpartition(")")[0]
            part = ""
        else:
            part += character
    return found


def wanted_ids(options: str) -> list[str]:
    """Return the ids that the $filter inside an $expand names."""
    found = re.findall(r"id eq '((?:[^']|'')*)'", options)
    return [each.replace("''", "'") for each in found]


def parse_filter(text: str) -> Predicate:
    """Make a test of events from a $filter; 400 for what Graph does not understand."""
    reader = _FilterReader(_tokens(text))
    found = reader.either()
    if reader.left:
        raise _unreadable()
    return found


def _unreadable() -> Exception:
    return bad_request("Invalid filter clause: the expression is not understood.")


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise _unreadable()
        found.append(match.group(1))
        position = match.end()
    return found


class _FilterReader:
    """Reads the tokens of one filter from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def _next(self) -> str:
        if not self.left:
            raise _unreadable()
        return self.left.pop(0)

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise _unreadable()

    def either(self) -> Predicate:
        """Read terms joined by `or`."""
        found = [self._both()]
        while self.left and self.left[0].lower() == "or":
            self.left.pop(0)
            found.append(self._both())
        return lambda value: any(each(value) for each in found)

    def _both(self) -> Predicate:
        found = [self._one()]
        while self.left and self.left[0].lower() == "and":
            self.left.pop(0)
            found.append(self._one())
        return lambda value: all(each(value) for each in found)

    def _one(self) -> Predicate:
        token = self._next()
        if token.lower() == "not":
            inner = self._one()
            return lambda value: not inner(value)
        if token.lower().endswith("/any"):
            return self._any(token.rpartition("/")[0])
        return self._plain(token)

    def _plain(self, token: str) -> Predicate:
        if token == "(":
            inner = self.either()
            self._expect(")")
            return inner
        if token.lower() in {"startswith", "contains"}:
            self._expect("(")
            path = self._next()
            self._expect(",")
            literal = self._literal()
            self._expect(")")
            return self._compare(path, token.lower(), literal)
        return self._compare(token, self._next().lower(), self._literal())

    def _compare(self, path: str, operator: str, literal: Any) -> Predicate:
        return _comparison(path, operator, literal)

    def _any(self, collection: str) -> Predicate:
        if collection not in {"singleValueExtendedProperties", "categories"}:
            raise invalid("ErrorInvalidUrlQueryFilter", f"The collection {collection} cannot be filtered.")
        self._expect("(")
        variable = self._next()
        self._expect(":")
        first = self.left[0] if self.left else ""
        if collection == "categories":
            self._expect(variable)
            operator, literal = self._next().lower(), self._literal()
            self._expect(")")
            if operator not in {"eq", "ne"}:
                raise _unreadable()
            return lambda value: any(OPERATORS[operator](each, literal) for each in value["categories"])
        inner = _FilterReader.either(_PropertyFilterReader(self, variable)) if first else self.either()
        self._expect(")")
        return lambda value: any(inner(each) for each in value["_properties"])

    def _literal(self) -> Any:
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        return {"true": True, "false": False, "null": None}.get(token.lower(), token)


class _PropertyFilterReader(_FilterReader):
    """Reads the condition on the members of the collection of extended properties.

    https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get (fact M50)
    """

    def __init__(self, outer: _FilterReader, variable: str) -> None:
        self.left = outer.left
        self._variable = variable

    def _one(self) -> Predicate:
        return self._plain(self._next())

    def _compare(self, path: str, operator: str, literal: Any) -> Predicate:
        name = path.removeprefix(f"{self._variable}/")
        if name not in {"id", "value"} or operator not in {"eq", "ne", "contains", "startswith"}:
            raise _unreadable()
        # The id is compared exactly, the value without regard to case; neither is documented.
        test = OPERATORS[operator]
        if name == "id":
            return lambda value: test(value["id"], literal)
        return lambda value: test(value["value"].lower(), str(literal).lower())


def _comparison(path: str, operator: str, literal: Any) -> Predicate:
    if path not in FILTERABLE:
        raise invalid("ErrorInvalidUrlQueryFilter", f"The property '{path}' does not support filtering.")
    if operator not in OPERATORS:
        raise _unreadable()
    test = OPERATORS[operator]
    if path.endswith("ateTime"):
        moment = parse_parameter(str(literal))
        return lambda value: test(_moment_at(value, path), moment)
    return lambda value: test(_value_at(value, path), literal)


def _value_at(value: Any, path: str) -> Any:
    for name in path.split("/"):
        value = value[name]
    return value


def _moment_at(value: Json, path: str) -> Any:
    found = value["_moments"].get(path)
    return found if found is not None else parse_parameter(str(_value_at(value, path)))
