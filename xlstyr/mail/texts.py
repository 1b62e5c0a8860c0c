"""The text of a letter, from a template that the economy department may change."""

import traceback
from collections.abc import Mapping
from pathlib import Path

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from xlstyr.mail.coding import one_line
from xlstyr.model.errors import XlstyrError
from xlstyr.words import word

LONGEST_SUBJECT = 250


class Texts:
    """The templates ``<kind>.txt.j2`` in ``own``, and in ``shipped`` where there is none."""

    def __init__(self, own: Path, shipped: Path) -> None:
        self._places = (own, shipped)
        self._templates: dict[str, tuple[Path, Template]] = {}
        self._environment = SandboxedEnvironment(
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
        )

    def render(self, kind: str, values: Mapping[str, object]) -> tuple[str, str]:
        """(subject, body): the subject is what follows ``mail_out.subject`` on the first line.

        Raises:
            XlstyrError: the template can't be used; file and line are named.
        """
        path, template = self._template(kind)
        try:
            text = template.render(values)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise _broken(path, _line_of(error), error) from error
        first, _, rest = text.lstrip().partition("\n")
        label = word("mail_out.subject")
        subject = one_line(first.removeprefix(label), LONGEST_SUBJECT)
        if not first.startswith(label) or not subject:
            raise _broken(path, 1, word("mail_out.errors.no_subject", label=label))
        return subject, f"{rest.strip()}\n"

    def _template(self, kind: str) -> tuple[Path, Template]:
        if kind not in self._templates:
            name = f"{kind}.txt.j2"
            path = next((place / name for place in self._places if (place / name).is_file()), self._places[-1] / name)
            self._templates[kind] = path, self._compiled(path)
        return self._templates[kind]

    def _compiled(self, path: Path) -> Template:
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _broken(path, raw.count(b"\n", 0, error.start) + 1, word("mail_out.errors.not_utf8")) from error
        try:
            return self._environment.from_string(text)
        except TemplateSyntaxError as error:
            raise _broken(path, error.lineno, error.message or error) from error


def _line_of(error: BaseException) -> int:
    """The template's line where ``error`` arose; jinja2 writes it into the traceback."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return lines[-1] or 1 if lines else 1


def _broken(path: Path, line: int, detail: object) -> XlstyrError:
    return XlstyrError(word("mail_out.errors.template", file=path.name, line=line, detail=detail))
