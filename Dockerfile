# syntax=docker/dockerfile:1
# Two stages: the first has compilers' room and pip, the second only what runs. The same lock and the same list of
# system packages as `make setup`.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/lienthong
ENV PATH=/opt/lienthong/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/product.txt requirements/
RUN pip install --require-hashes -r requirements/product.txt
COPY requirements/build.txt requirements/
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY adapters adapters
COPY scanning scanning
COPY tracking tracking
COPY gateway gateway
RUN /opt/build/bin/hatchling build -t wheel && pip install --no-deps dist/*.whl

FROM python:3.11-slim-bookworm
COPY packaging/system-packages.txt packaging/install-system-packages /tmp/packaging/
RUN /tmp/packaging/install-system-packages /tmp/packaging/system-packages.txt \
    && rm -rf /tmp/packaging /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/lienthong --create-home lienthong
COPY --from=build /opt/lienthong /opt/lienthong
# PYTHONSAFEPATH: a folder named like one of our packages in the working directory never wins.
ENV PATH=/opt/lienthong/bin:$PATH PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1
USER lienthong
WORKDIR /var/lib/lienthong
VOLUME /var/lib/lienthong
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/ready', timeout=2)"]
ENTRYPOINT ["lienthong"]
CMD ["serve"]
