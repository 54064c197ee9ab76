# The gateway as a container image: docker build -t isthmus . && docker run -v ./isthmus.yaml:/etc/isthmus/isthmus.yaml:ro …

FROM node:22-slim AS explorer
WORKDIR /build
COPY explorer/ explorer/
RUN mkdir gateway && sh explorer/build.sh && test -f gateway/explorer_static/index.html

FROM python:3.13-slim AS python
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock .
RUN python -m venv /opt/isthmus && /opt/isthmus/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY gateway/ gateway/
COPY schema/ schema/
COPY resolvers/ resolvers/
COPY examples/trading/ examples/trading/
COPY --from=explorer /build/gateway/explorer_static/ gateway/explorer_static/
RUN pip wheel --no-deps --wheel-dir dist . \
  && /opt/isthmus/bin/pip install --no-deps dist/isthmus-*.whl \
  && /opt/isthmus/bin/pip uninstall --yes pip

FROM python:3.13-slim
COPY --from=python /opt/isthmus/ /opt/isthmus/
ENV PATH=/opt/isthmus/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /etc/isthmus
# A number, so that a cluster can see that it is not root.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["isthmus"]
CMD ["serve", "/etc/isthmus/isthmus.yaml", "--host", "0.0.0.0", "--port", "8000"]
