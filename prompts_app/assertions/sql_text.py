"""SQL in answers: parsed by sqlglot, never run. It forgives more than a database does."""

import logging
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from prompts_app.assertions.base import Finding, untestable

# promptfoo's names of databases, and sqlglot's.
DATABASES: Final = {
    "MySQL": "mysql",
    "MariaDB": "mysql",
    "PostgresQL": "postgres",
    "Sqlite": "sqlite",
    "TransactSQL": "tsql",
    "BigQuery": "bigquery",
    "Snowflake": "snowflake",
    "Redshift": "redshift",
    "Hive": "hive",
    "Athena": "athena",
}

# Whole statements; an expression alone ("hello world" is a column with an alias) is none.
_STATEMENTS: Final = (
    exp.Query,
    exp.DML,
    exp.DDL,
    exp.Alter,
    exp.Drop,
    exp.TruncateTable,
    exp.Describe,
    exp.Show,
    exp.Set,
    exp.Use,
    exp.Pragma,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.Grant,
    exp.Revoke,
    exp.Analyze,
    exp.Comment,
)
# After these, something has to follow.
_OPEN: Final = {
    TokenType.COMMA,
    TokenType.ON,
    TokenType.GROUP_BY,
    TokenType.ORDER_BY,
    TokenType.HAVING,
    TokenType.WHERE,
    TokenType.SELECT,
    TokenType.FROM,
}
# Where a comma may stand after the last column.
_LAST_COMMA: Final = {"BigQuery", "Snowflake"}
_CLOSING: Final = {TokenType.SEMICOLON, TokenType.R_PAREN, TokenType.COMMA}

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


def is_sql(text: str, database: str) -> Finding:
    """Whether `text` is one or more statements of `database` (a key of `DATABASES`)."""
    dialect = sqlglot.Dialect.get_or_raise(DATABASES[database])
    try:
        tokens = dialect.tokenize(text)
        statements = [
            each
            for each in dialect.parser(error_level=ErrorLevel.RAISE).parse(tokens, text)
            if each is not None
        ]
    except SqlglotError:
        return Finding(False, "not_sql")
    if any(isinstance(each, exp.Command) for each in statements):
        # The parser hands back unread what it has no rule for.
        return untestable("sql_not_understood")
    holds = (
        bool(statements)
        and all(map(_whole, statements))
        and not _left_open(tokens, database)
        and _deletes_from(statements, tokens)
    )
    return Finding(holds, "sql" if holds else "not_sql")


def _whole(statement: exp.Expr) -> bool:
    if isinstance(statement, exp.Select) and not statement.expressions:
        return False
    return isinstance(statement, _STATEMENTS)


def _left_open(tokens: list[Token], database: str) -> bool:
    """Whether something is missing that sqlglot does not miss: `SELECT a,, b`, `JOIN b ON;`."""
    kinds = [token.token_type for token in tokens]
    pairs = list(zip(kinds, [*kinds[1:], TokenType.SEMICOLON], strict=True))
    if any(kind in _OPEN and after in _CLOSING for kind, after in pairs):
        return True
    return database not in _LAST_COMMA and (TokenType.COMMA, TokenType.FROM) in pairs


def _deletes_from(statements: list[exp.Expr], tokens: list[Token]) -> bool:
    """“Delete it” is English, `DELETE t` some databases' SQL: without FROM or WHERE, not SQL."""
    if not any(isinstance(each, exp.Delete) for each in statements):
        return True
    return any(token.token_type in (TokenType.FROM, TokenType.WHERE) for token in tokens)
