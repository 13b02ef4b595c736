"""The site's way to PostgreSQL, a database engine for Django's settings."""
