# One image for everything: `serve` alone runs all of Filemill, `web`, `worker`, `beat` and `migrate` are its parts.
#   docker build -t filemill .
#   docker run --init -p 127.0.0.1:8000:8000 -e FILEMILL_PUBLISHED_ON_LOOPBACK=yes -v filemill:/data filemill

FROM python:3.13-slim-bookworm AS pages
WORKDIR /build
COPY scripts/build-pages scripts/
COPY browser browser
RUN PYTHON=python scripts/build-pages

FROM python:3.13-slim-bookworm AS build
RUN python -m venv --without-pip /opt/filemill
WORKDIR /build
COPY requirements.txt .
RUN python -m pip --python /opt/filemill/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md LICENSE THIRD-PARTY-NOTICES.md ./
COPY src src
COPY --from=pages /build/src/filemill/web/static/filemill/built src/filemill/web/static/filemill/built
RUN python -m pip --python /opt/filemill/bin/python install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="Filemill" \
      org.opencontainers.image.description="Upload a file, get it processed: a REST API, a web page and a command line." \
      org.opencontainers.image.licenses="Apache-2.0"
# libarchive's wheel takes these two from the system, and not every slim image has both.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libexpat1 zlib1g \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin filemill \
 && install --directory --owner filemill --group filemill --mode 0700 /data /secrets
# The base image leaves the standard library's bytecode out, and an ordinary user cannot add it: each start would take seconds more.
RUN python -m compileall -q -x 'site-packages|/test' /usr/local/lib/python3.*
COPY --from=build /opt/filemill /opt/filemill
# A container has to bind every address. The open configuration starts only once it is told that the port is published
# on this machine's loopback: FILEMILL_PUBLISHED_ON_LOOPBACK, as above and in compose.yaml.
ENV PATH=/opt/filemill/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FILEMILL_DATA_DIR=/data \
    FILEMILL_BIND=0.0.0.0
USER filemill
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f\"http://127.0.0.1:{os.environ.get('FILEMILL_PORT', 8000)}/healthz\", timeout=4)"]
ENTRYPOINT ["filemill"]
CMD ["serve"]
