# The site as one image: `manage.py serve` and `manage.py worker` are its two processes.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app

# Debian packages for scripts that the site's own fonts lack (docs/deploy.md); none unless asked for.
ARG FONTS=""
RUN if [ -n "$FONTS" ]; then \
        apt-get update && apt-get install --yes --no-install-recommends $FONTS \
        && rm -rf /var/lib/apt/lists/*; \
    fi

# The packages change less often than the code, so they are a layer of their own.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY . .

# The texts' compiled form and the static files are made once, here. Collecting needs settings but
# no site: the keys that a local site makes for itself go with the folder they were made in.
RUN pybabel --quiet compile --directory locale --domain django \
    && VAR_DIR=/tmp/build STATIC_ROOT=/app/collected python manage.py collectstatic --noinput \
    && rm -r /tmp/build \
    && python -m compileall -q portfolio prompts_app \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin promptfolio \
    && install --directory --owner promptfolio --group promptfolio --mode 0750 /data /data/media

USER promptfolio
ENV HOST=0.0.0.0 PORT=8000 VAR_DIR=/data STATIC_ROOT=/app/collected
EXPOSE 8000

HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os; from portfolio.launch import answers; raise SystemExit(not answers(os.environ['HOST'], int(os.environ['PORT']), '/readyz'))"]

CMD ["python", "manage.py", "serve"]
