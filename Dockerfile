# The server in a small image: docker build -t open311-api .
# Built in one stage and run in another, so that neither pip's nor the build's files are in what runs.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# The requirements change seldom: they come first, in a layer of their own.
COPY requirements/ requirements/
RUN python -m venv --without-pip /opt/open311 \
 && pip --python /opt/open311/bin/python install --quiet --require-hashes --only-binary :all: -r requirements/run.txt \
 && pip install --quiet --require-hashes --only-binary :all: -r requirements/build.txt

COPY pyproject.toml README.md LICENSE ./
COPY migrations/ migrations/
COPY src/ src/
RUN pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . \
 && pip --python /opt/open311/bin/python install --quiet --no-deps dist/*.whl

FROM python:3.12-slim
RUN useradd --uid 10001 --user-group --home-dir /var/lib/open311 --create-home --shell /usr/sbin/nologin open311
COPY --from=build /opt/open311 /opt/open311
ENV PATH=/opt/open311/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OPEN311_HOST=0.0.0.0 \
    OPEN311_DATA_DIR=/var/lib/open311
USER 10001
WORKDIR /var/lib/open311
VOLUME /var/lib/open311
EXPOSE 8000
# With the interpreter, because a slim image has no curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/health/ready' % os.environ.get('OPEN311_PORT', '8000'), timeout=4)"]
ENTRYPOINT ["open311"]
CMD ["serve"]
