# The operator's image. Not built in CI: there is no Docker engine. Its RUN steps were run by hand with Python 3.13, but for git's.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src

# The build backend at its locked version: pip refuses anything that the lock has no hash for.
COPY requirements-dev.lock ./
RUN awk '/^[a-z]/ {wanted = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/} wanted' requirements-dev.lock \
        > build.lock \
    && python -m venv /build \
    && /build/bin/pip install --require-hashes --only-binary :all: -r build.lock

# What the operator needs, in a layer that changes only with the lock.
COPY requirements.lock ./
RUN python -m venv /opt/edgewarm \
    && /opt/edgewarm/bin/pip install --require-hashes --only-binary :all: --no-compile -r requirements.lock

# MODELS=1 adds statsmodels, for spec.forecast.model ARIMA and ExponentialSmoothing; it is not in the lock.
ARG MODELS=
COPY pyproject.toml README.md ./
COPY operator ./operator
RUN /build/bin/python -m hatchling build -t wheel \
    && /opt/edgewarm/bin/pip install --no-deps --no-index --no-compile dist/*.whl \
    && if [ -n "$MODELS" ]; then /opt/edgewarm/bin/pip install --only-binary :all: --no-compile "statsmodels>=0.14"; fi \
    && /opt/edgewarm/bin/pip check \
    && /opt/edgewarm/bin/pip uninstall --yes pip \
    && /opt/edgewarm/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/edgewarm/lib

FROM python:${PYTHON}-slim
# The client that fetches commits for spec.data (git+https://); --build-arg GIT= leaves it out, about 100 MB less.
ARG GIT=1
RUN if [ -n "$GIT" ]; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends git \
        && rm -rf /var/lib/apt/lists/*; \
    fi
# HOME and USER, because the Kubernetes client and kopf ask for them and the user below has no entry in /etc/passwd.
ENV PATH=/opt/edgewarm/bin:$PATH \
    HOME=/tmp \
    USER=edgewarm \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1
COPY --from=build /opt/edgewarm /opt/edgewarm
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080
ENTRYPOINT ["edgewarm"]
