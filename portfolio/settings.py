"""Settings of the site: every read of the environment happens here, and nonsense is refused."""

import secrets
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

from portfolio import environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
env.read_env(str(BASE_DIR / ".env"), recurse=False)

try:
    VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
    PORT = environment.between(env.int("PORT", 8000), 1, 65535, "PORT")
    HOST = env.str("HOST", "localhost")
    SITE_URL = environment.site_url(env.str("SITE_URL", f"http://localhost:{PORT}"))
    SITE_OWNER = env.str("SITE_OWNER", "")
    DEBUG = env.bool("DEBUG", False)

    _site = urlsplit(SITE_URL)
    # "Local" is what only this machine can open: there keys may be made without asking.
    LOCAL = environment.is_local(_site.hostname or "")
    ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [])
    if not ALLOWED_HOSTS:
        ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"] if LOCAL else [_site.hostname or ""]
    TRUSTED_PROXIES = environment.between(env.int("TRUSTED_PROXIES", 0), 0, 10, "TRUSTED_PROXIES")

    DATABASES: dict[str, dict[str, Any]] = {
        "default": environment.database(
            env.str("DATABASE_URL", f"sqlite:///{VAR_DIR / 'promptfolio.sqlite3'}"),
            pool_size=environment.between(env.int("DATABASE_POOL", 20), 2, 500, "DATABASE_POOL"),
        )
    }

    _keys = environment.Keys(VAR_DIR, DATABASES["default"], local=LOCAL)
    SECRET_KEY = _keys.get("SECRET_KEY", env.str("SECRET_KEY", ""), secrets.token_urlsafe(64))
    FIELD_KEY = _keys.fernet("FIELD_KEY", env.str("FIELD_KEY", ""))
    RECEIPT_KEY = _keys.seed("RECEIPT_KEY", env.str("RECEIPT_KEY", ""))
    # Where a new one is written when it is rotated; in the environment only a person can.
    RECEIPT_KEY_FILE = None if env.str("RECEIPT_KEY", "") else _keys.file("RECEIPT_KEY")

    OPENAI_API_KEY = env.str("OPENAI_API_KEY", "")
    OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", "")
    LLM_MODELS = environment.models(env.str("LLM_MODELS", ""))
    OLLAMA_URL = env.str("OLLAMA_URL", "http://127.0.0.1:11434")
    DEMO_MODEL_URL = env.str("DEMO_MODEL_URL", "")
    DAILY_BUDGET = environment.dollars(env.str("DAILY_BUDGET_USD", "1.00"), "DAILY_BUDGET_USD")
    TRIES_PER_VISITOR_PER_DAY = environment.between(
        env.int("TRIES_PER_VISITOR_PER_DAY", 20), 0, 10_000, "TRIES_PER_VISITOR_PER_DAY"
    )
    TRIES_PER_ENTRY_PER_DAY = environment.between(
        env.int("TRIES_PER_ENTRY_PER_DAY", 200), 0, 1_000_000, "TRIES_PER_ENTRY_PER_DAY"
    )
    TRIES_PER_AUTHOR_PER_DAY = environment.between(
        env.int("TRIES_PER_AUTHOR_PER_DAY", 1000), 0, 1_000_000, "TRIES_PER_AUTHOR_PER_DAY"
    )
    TRIES_AT_ONCE_PER_AUTHOR = environment.between(
        env.int("TRIES_AT_ONCE_PER_AUTHOR", 20), 0, 10_000, "TRIES_AT_ONCE_PER_AUTHOR"
    )
    TRIES_AT_ONCE_PER_ENTRY = environment.between(
        env.int("TRIES_AT_ONCE_PER_ENTRY", 10), 0, 10_000, "TRIES_AT_ONCE_PER_ENTRY"
    )
    SITE_DAILY_BUDGET = environment.dollars(
        env.str("SITE_DAILY_BUDGET_USD", "10.00"), "SITE_DAILY_BUDGET_USD"
    )
    # None where only the other limits say what an address may cost.
    SITE_DAILY_BUDGET_PER_ADDRESS = environment.dollars_or_none(
        env.str("SITE_DAILY_BUDGET_PER_ADDRESS_USD", ""), "SITE_DAILY_BUDGET_PER_ADDRESS_USD"
    )
    SITE_TRIES_PER_ADDRESS_PER_DAY = environment.between(
        env.int("SITE_TRIES_PER_ADDRESS_PER_DAY", 100),
        *(0, 1_000_000, "SITE_TRIES_PER_ADDRESS_PER_DAY"),
    )
    SITE_TRIES_PER_DAY = environment.between(
        env.int("SITE_TRIES_PER_DAY", 2000), 0, 1_000_000, "SITE_TRIES_PER_DAY"
    )
    TRIES_AT_ONCE_PER_VISITOR = environment.between(
        env.int("TRIES_AT_ONCE_PER_VISITOR", 4), 0, 10_000, "TRIES_AT_ONCE_PER_VISITOR"
    )
    SITE_TRIES_AT_ONCE_PER_ADDRESS = environment.between(
        env.int("SITE_TRIES_AT_ONCE_PER_ADDRESS", 12),
        *(0, 10_000, "SITE_TRIES_AT_ONCE_PER_ADDRESS"),
    )
    SITE_TRIES_AT_ONCE = environment.between(
        env.int("SITE_TRIES_AT_ONCE", 200), 0, 10_000, "SITE_TRIES_AT_ONCE"
    )
    PAGE_THREADS = environment.between(env.int("PAGE_THREADS", 8), 1, 128, "PAGE_THREADS")

    ACCOUNT_SIGNUP = environment.one_of(
        env.str("ACCOUNT_SIGNUP", "closed"), ("open", "invite", "closed"), "ACCOUNT_SIGNUP"
    )
    _mail = environment.mail(env.str("EMAIL_URL", "console://"))
    # False where mail is printed, kept in files or thrown away: pages then do not promise any.
    MAIL_GOES_OUT = _mail["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", f"Promptfolio <noreply@{_site.hostname}>")
except EnvError as error:
    raise ImproperlyConfigured(str(error)) from error

STATIC_ROOT = Path(env.str("STATIC_ROOT", str(VAR_DIR / "static"))).resolve()
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(VAR_DIR / "media"))).resolve()
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "lucide",
    # Last: its admin takes back what Django's own apps register.
    "prompts_app",
]

MIDDLEWARE = [
    # Machines ask for health by any host name and without TLS: answered before those checks.
    "portfolio.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portfolio.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "portfolio.urls"
WSGI_APPLICATION = "portfolio.asgi.pages"
ASGI_APPLICATION = "portfolio.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "prompts_app.http.page_context",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "prompts_app.User"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_URL = "/media/"
# Limits of sign-in must hold across processes, so the cache is the database's.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "site_cache",
        # The default of 300 rows would let strangers push each other's limits out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "studio"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "prompts_app.access_accounts.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "prompts_app.forms.accounts.ResetPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Without it a sign-up tells whether an address has an account. Where mail goes to the console, an
# invitation must do: nobody would bring the link.
ACCOUNT_EMAIL_VERIFICATION = (
    "mandatory"
    if ACCOUNT_SIGNUP == "open" or (ACCOUNT_SIGNUP == "invite" and MAIL_GOES_OUT)
    else "optional"
)
ACCOUNT_PREVENT_ENUMERATION = True
# The mail to an address nobody has is written and thrown away (see AccountAdapter.send_mail).
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "prompts_app.access_accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# An account with a second step could not change its address otherwise. Where strangers sign up,
# nobody gets as far as here with an address that is not theirs.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# A sign-in by passkey is two requests: what to sign, and what was signed.
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip"}
MFA_FORMS = {
    "add_webauthn": "prompts_app.forms.passkeys.AddPasskeyForm",
    "edit_webauthn": "prompts_app.forms.passkeys.RenamePasskeyForm",
    "authenticate_webauthn": "prompts_app.forms.passkeys.PasskeyStepForm",
    "reauthenticate_webauthn": "prompts_app.forms.passkeys.PasskeyAgainForm",
    "login_webauthn": "prompts_app.forms.passkeys.PasskeySignInForm",
}

EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail["EMAIL_HOST"]
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _mail["EMAIL_USE_TLS"]
EMAIL_USE_SSL = _mail["EMAIL_USE_SSL"]
# Seconds: a mail server that hangs must hold up neither a page nor the worker.
EMAIL_TIMEOUT = 10

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["portfolio.formats"]

_https = _site.scheme == "https"
SECURE_SSL_REDIRECT = _https
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
LANGUAGE_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if _https and TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "prompts_app.views.errors.csrf_failure"
# Subdomains and the browsers' preload list concern the operator's whole domain, not this site.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# One form of this site never needs more; pictures are counted apart, by their own limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 9 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_PERMISSIONS = 0o640

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "portfolio.logs.RedactingFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "promptfolio": {"level": "INFO"},
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # Wrong host names and 404s of strangers are no news.
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
    },
}

# Written-ahead logs may lose data in SQLite versions with the WAL-reset bug
# (https://sqlite.org/wal.html#walresetbug): there the rollback journal stays.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"]["init_command"] = environment.sqlite_pragmas(
        sqlite3.sqlite_version_info
    )
