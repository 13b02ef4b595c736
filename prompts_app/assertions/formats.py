"""Rules on the format of an answer: JSON, XML, HTML, SQL."""

import json
from collections.abc import Iterable

from prompts_app.assertions import bounded
from prompts_app.assertions.base import (
    Assertion,
    Finding,
    Output,
    Parameter,
    Problem,
    Sentence,
    gettext_noop,
)

# promptfoo's names; `sql_text.DATABASES` says how each is parsed.
DATABASES = (
    "MySQL",
    "MariaDB",
    "PostgresQL",
    "Sqlite",
    "TransactSQL",
    "BigQuery",
    "Snowflake",
    "Redshift",
    "Hive",
    "Athena",
)

_SCHEMA = Parameter("value", "json", gettext_noop("JSON Schema (optional)"), required=False)


class IsJson(Assertion):
    """The whole answer is JSON, and keeps the schema when there is one."""

    name = "is-json"
    title = gettext_noop("Is JSON")
    parameters = (_SCHEMA,)
    says = gettext_noop("is JSON")
    says_not = gettext_noop("is not JSON")
    says_schema = gettext_noop("is JSON that matches the schema")
    says_not_schema = gettext_noop("is not JSON that matches the schema")
    jobs = ("json", "json_schema")

    def sentence(self) -> Sentence:
        """The rule in words, which do not hold the schema."""
        if self.given["value"] is None:
            return Sentence(self.says_not if self.negated else self.says)
        return Sentence(self.says_not_schema if self.negated else self.says_schema)

    def more_problems(self) -> Iterable[Problem]:
        """Whether the schema is one."""
        if self.given["value"] is None:
            return
        finding = bounded.run("schema_problem", self._schema())
        if finding.holds is None:
            yield Problem("value", "not_checked", {"reason": finding.code})
        elif not finding.holds:
            yield Problem("value", finding.code, finding.values)

    def find(self, output: Output) -> Finding:
        """Whether it is JSON, or what of the schema is broken."""
        plain, with_schema = self.jobs
        if self.given["value"] is None:
            return bounded.run(plain, output.text)
        return bounded.run(with_schema, self._schema(), output.text)

    def _schema(self) -> str:
        return json.dumps(self.given["value"], sort_keys=True)


class ContainsJson(IsJson):
    """An object or a list in JSON stands in the answer, and keeps the schema if there is one."""

    name = "contains-json"
    title = gettext_noop("Contains JSON")
    says = gettext_noop("contains JSON")
    says_not = gettext_noop("contains no JSON")
    says_schema = gettext_noop("contains JSON that matches the schema")
    says_not_schema = gettext_noop("contains no JSON that matches the schema")
    jobs = ("json_inside", "json_inside_schema")


class IsXml(Assertion):
    """The whole answer is one well-formed XML document."""

    name = "is-xml"
    title = gettext_noop("Is XML")
    parameters = (
        Parameter(
            "elements",
            "lines",
            gettext_noop("Elements it must have, one a line, as root.child (optional)"),
            required=False,
            path=("value", "requiredElements"),
        ),
    )
    says = gettext_noop("is XML")
    says_not = gettext_noop("is not XML")
    says_elements = gettext_noop("is XML with the elements: %(elements)s")
    says_not_elements = gettext_noop("is not XML with the elements: %(elements)s")

    def sentence(self) -> Sentence:
        """The rule in words."""
        if self.given["elements"] is None:
            return super().sentence()
        says = self.says_not_elements if self.negated else self.says_elements
        return Sentence(says, self.said())

    def find(self, output: Output) -> Finding:
        """Whether it is well-formed and which element it lacks."""
        return bounded.run("xml", output.text, self.given["elements"] or [])


class IsHtml(Assertion):
    """The whole answer is elements of HTML."""

    name = "is-html"
    title = gettext_noop("Is HTML")
    says = gettext_noop("is HTML")
    says_not = gettext_noop("is not HTML")

    def find(self, output: Output) -> Finding:
        """Whether it is, or where not."""
        return bounded.run("html", output.text)


class ContainsHtml(Assertion):
    """An element of HTML stands in the answer."""

    name = "contains-html"
    title = gettext_noop("Contains HTML")
    says = gettext_noop("contains HTML")
    says_not = gettext_noop("contains no HTML")

    def find(self, output: Output) -> Finding:
        """The first element found."""
        return bounded.run("html_inside", output.text)


class IsSql(Assertion):
    """The whole answer is statements in SQL."""

    name = "is-sql"
    title = gettext_noop("Is SQL")
    parameters = (
        Parameter(
            "database",
            "choice",
            gettext_noop("Database"),
            required=False,
            choices=DATABASES,
            default="MySQL",
            path=("value", "databaseType"),
        ),
    )
    says = gettext_noop("is SQL for %(database)s")
    says_not = gettext_noop("is not SQL for %(database)s")

    def find(self, output: Output) -> Finding:
        """Whether the parser reads it."""
        return bounded.run("sql", output.text, self.given["database"])
