"""The two families of failure, drawn whole:

Exception
├── UserFacingError      the world's fault; a code and arguments, worded by the one message catalogue
│   └── UnreadableError  a document that cannot be read; its reason is stored with the document
├── Cancelled            the person pressed stop: not an error, and nothing is lost
└── anything else        our bug: a crash report and the log
"""

Argument = str | int | float


class UserFacingError(Exception):
    """The world's fault. `code` is a key of the message catalogue; `arguments` fill its sentence."""

    def __init__(self, code: str, **arguments: Argument) -> None:
        super().__init__(code, arguments)
        self.code = code
        self.arguments = arguments

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.arguments)

    def __str__(self) -> str:
        shown = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
        return f"{self.code}({shown})"


class UnreadableError(UserFacingError):
    """A document that cannot be read. The other documents go on."""


class Cancelled(Exception):  # noqa: N818 - not an error
    """Raised where progress is reported, after the person pressed stop."""


def _rebuild(kind: type[UserFacingError], code: str, arguments: dict[str, Argument]) -> UserFacingError:
    return kind(code, **arguments)
