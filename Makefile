# Everything one does with Promptfolio. `make demo` shows it; `make help` lists the rest.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo install test test-sqlite test-postgres test-browser soak bench check lock messages

PYTHON ?= python3
PY := .venv/bin/python

# Another active environment, or a person's habits for pip, must not steer what goes into .venv.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH __PYVENV_LAUNCHER__
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_REQUIREMENT PIP_CONSTRAINT
unexport PIP_BUILD_CONSTRAINT PIP_NO_DEPS PIP_DRY_RUN PIP_REPORT PIP_REQUIRE_VIRTUALENV
unexport PIP_NO_BINARY PIP_ONLY_BINARY PIP_PRE PIP_EDITABLE PIP_IGNORE_INSTALLED PIP_UPGRADE

RUNTIME := .venv/installed
DEVELOPMENT := .venv/installed-dev
MESSAGES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))

# A stamp of packages that this Python cannot see (moved, or upgraded since) is worth nothing.
ifeq ($(wildcard $(RUNTIME)),$(RUNTIME))
ifneq ($(shell $(PY) -c 'import django' 2>/dev/null && echo usable),usable)
$(shell rm -f $(RUNTIME) $(DEVELOPMENT))
endif
endif

help:
	@echo 'make demo      install once, start the site with its sample portfolio'
	@echo 'make install   install only: what a server needs (docs/deploy.md)'
	@echo 'make test      all tests: SQLite, PostgreSQL, a real browser'
	@echo 'make check     lint, types, layers, templates, settings, migrations'
	@echo 'make soak      the long storms, and properties with very many examples'
	@echo 'make bench     speed, side by side with the plain way'
	@echo 'make messages  collect new texts for the translators'
	@echo 'make lock      resolve the dependencies anew (UPGRADE=--upgrade for newer ones)'

demo: $(RUNTIME) $(MESSAGES)
	@$(PY) manage.py demo

install: $(RUNTIME) $(MESSAGES)

# Each core keeps to neighbours, so that what a file shares (a running site) is made once.
BOTH_CORES := -n 2 --dist worksteal

test: test-sqlite test-postgres test-browser

test-sqlite: $(DEVELOPMENT) $(MESSAGES)
	TEST_DATABASE=sqlite $(PY) -m pytest $(BOTH_CORES)

test-postgres: $(DEVELOPMENT) $(MESSAGES)
	TEST_DATABASE=postgres $(PY) -m pytest $(BOTH_CORES) --ignore=tests/engines # they know no database

test-browser: $(DEVELOPMENT) $(MESSAGES)
	@.ci/chromium >/dev/null
	CHROMIUM="$$(.ci/chromium)" TEST_DATABASE=sqlite $(PY) -m pytest $(BOTH_CORES) tests/browser

soak: $(DEVELOPMENT) $(MESSAGES)
	TEST_DATABASE=sqlite $(PY) -m pytest $(BOTH_CORES) -m hypothesis --hypothesis-profile=many
	PROMPTFOO="$$(.ci/promptfoo)" TEST_DATABASE=sqlite $(PY) -m pytest tests/soak
	TEST_DATABASE=postgres $(PY) -m pytest tests/soak

bench: $(DEVELOPMENT) $(MESSAGES)
	PYTHONPATH=. $(PY) -m bench

# Settings as a public site has them; the keys open nothing.
PRODUCTION := PYTHON_DOTENV_DISABLED=1 VAR_DIR=build/check SITE_URL=https://portfolio.example \
	SECRET_KEY=for-make-check-only-0123456789-abcdefghijklmnopqrstuvwxyz \
	FIELD_KEY=Zm9yLW1ha2UtY2hlY2stb25seS0wMTIzNDU2Nzg5YWI= \
	RECEIPT_KEY=Zm9yLW1ha2UtY2hlY2stb25seS1yZWNlaXB0cy0wMTI= \
	DATABASE_URL=sqlite:///build/check/check.sqlite3 TRUSTED_PROXIES=1 DEBUG=false

check: $(DEVELOPMENT) $(MESSAGES)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PRODUCTION) $(PY) -m mypy portfolio prompts_app tests $(wildcard bench) manage.py
	$(PY) .venv/bin/lint-imports
	find templates -name '*.html' | xargs .venv/bin/djade --check --target-version 5.2
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) $(PY) manage.py makemigrations --check --dry-run

LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --quiet $(UPGRADE)

lock: $(DEVELOPMENT)
	$(PY) -m $(LOCK) -o requirements.lock
	$(PY) -m $(LOCK) --group dev --constraint requirements.lock -o requirements-dev.lock

BABEL := -m babel.messages.frontend --quiet

messages: $(DEVELOPMENT)
	@mkdir -p build
	PYTHONPATH=. $(PY) $(BABEL) extract --mapping-file pyproject.toml --omit-header \
		--add-location file --sort-by-file --width 100 --add-comments Translators \
		--keywords 'gettext_lazy ngettext_lazy:1,2 pgettext_lazy:1c,2 npgettext_lazy:1c,2,3' \
		--keywords 'gettext_noop pgettext_noop:1c,2' \
		--output-file build/django.pot .
	for file in locale/*/LC_MESSAGES/django.po; do \
		language="$${file#locale/}"; \
		$(PY) $(BABEL) update --input-file build/django.pot --output-file "$$file" \
			--locale "$${language%%/*}" --ignore-obsolete --no-fuzzy-matching --width 100 \
			--ignore-pot-creation-date || exit 1; \
	done

$(RUNTIME): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Promptfolio needs Python 3.11 or later as “$(PYTHON)”; PYTHON=/path/to/python3.11 make … names another." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "Python's venv is missing: on Debian and Ubuntu, “apt install python3-venv” brings it." >&2; exit 1; }
	@echo 'Installing the packages into .venv (once)' >&2
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check --no-input \
		--require-hashes -r requirements.lock
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo 'Installing the packages for development into .venv (once)' >&2
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check --no-input \
		--require-hashes -r requirements-dev.lock
	@touch $@

%.mo: %.po | $(RUNTIME)
	@$(PY) $(BABEL) compile --input-file $< --output-file $@ \
		--locale $(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $<)))
