"""From the text of an expression to its parts."""

import re
from collections.abc import Callable
from typing import TypeVar

from tests.support.memory_tables.expressions import syntax
from tests.support.memory_tables.expressions.syntax import (
    Action,
    Call,
    Condition,
    Literal,
    Operand,
    Path,
    Sum,
)

T = TypeVar("T")
_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+\-.\[\]]|[#:]?\w+)")
_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_VERBS = frozenset({"SET", "REMOVE", "ADD", "DELETE"})


def condition(text: str) -> Condition:
    """Of a ConditionExpression, FilterExpression or KeyConditionExpression."""
    reader = _Reader(text)
    found = reader.either()
    reader.end()
    return found


def actions(text: str) -> list[Action]:
    """Of an UpdateExpression."""
    reader = _Reader(text)
    found: list[Action] = []
    while reader.left():
        verb = reader.take().upper()
        reader.expect(verb in _VERBS)
        found.extend(reader.listed(lambda verb=verb: reader.action(verb)))  # type: ignore[misc]
    return found


def paths(text: str) -> list[Path]:
    """Of a ProjectionExpression."""
    reader = _Reader(text)
    found = reader.listed(reader.path)
    reader.end()
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0

    def left(self) -> bool:
        return self._at < len(self._tokens)

    def end(self) -> None:
        self.expect(not self.left())

    def expect(self, holds: bool) -> None:
        if not holds:
            raise ValueError(f"not understood, at word {self._at}: {self._text}")

    def take(self, wanted: str | None = None) -> str:
        self.expect(self.left())
        token = self._tokens[self._at]
        self._at += 1
        self.expect(wanted is None or token.upper() == wanted)
        return token

    def takes(self, wanted: str) -> bool:
        """Whether it came, and if so it is taken."""
        if self.left() and self._tokens[self._at].upper() == wanted:
            self._at += 1
            return True
        return False

    def listed(self, one: Callable[[], T]) -> list[T]:
        found = [one()]
        while self.takes(","):
            found.append(one())
        return found

    def either(self) -> Condition:
        found = [self._both()]
        while self.takes("OR"):
            found.append(self._both())
        return found[0] if len(found) == 1 else syntax.Any(tuple(found))

    def _both(self) -> Condition:
        found = [self._one()]
        while self.takes("AND"):
            found.append(self._one())
        return found[0] if len(found) == 1 else syntax.All(tuple(found))

    def _one(self) -> Condition:
        if self.takes("NOT"):
            return syntax.Not(self._one())
        if self.takes("("):
            inside = self.either()
            self.take(")")
            return inside
        left = self._operand()
        if self.left() and self._tokens[self._at] in _COMPARISONS:
            return syntax.Compare(self.take(), left, self._operand())
        if self.takes("BETWEEN"):
            low = self._operand()
            self.take("AND")
            return syntax.Between(left, low, self._operand())
        if self.takes("IN"):
            self.take("(")
            among = self.listed(self._operand)
            self.take(")")
            return syntax.In(left, tuple(among))
        assert isinstance(left, Call), self._text
        return left

    def action(self, verb: str) -> Action:
        path = self.path()
        if verb == "REMOVE":
            return Action(verb, path, None)
        if verb == "SET":
            self.take("=")
            return Action(verb, path, self._sum())
        return Action(verb, path, self._operand())

    def _sum(self) -> Operand:
        left = self._operand()
        if self.takes("+"):
            return Sum(left, self._operand(), minus=False)
        if self.takes("-"):
            return Sum(left, self._operand(), minus=True)
        return left

    def _operand(self) -> Operand:
        self.expect(self.left())
        token = self._tokens[self._at]
        if token.startswith(":"):
            return Literal(self.take())
        if self._tokens[self._at + 1 : self._at + 2] == ["("]:
            name = self.take().lower()
            self.take("(")
            arguments = self.listed(self._operand)
            self.take(")")
            return Call(name, tuple(arguments))
        return self.path()

    def path(self) -> Path:
        steps: list[str | int] = [self.take()]
        while True:
            if self.takes("."):
                steps.append(self.take())
            elif self.takes("["):
                steps.append(int(self.take()))
                self.take("]")
            else:
                return Path(tuple(steps))


def _tokens(text: str) -> list[str]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"not understood, at letter {at}: {text}")
        found.append(match[1])
        at = match.end()
    return found
