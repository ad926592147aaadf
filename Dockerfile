# SpineScan with Jupyter and the notebooks. Research use only. docs/how-to/docker.md says how to use it.
# All that is done is in docker/*.sh; `make rehearse` does the same without Docker, in a clean root.

FROM python:3.11-slim-bookworm AS build

# What of pyproject.toml is installed; the notebooks need both.
ARG EXTRAS=notebook,train
# An index of PyTorch's builds for CPUs, as its installation page names it. Empty takes the usual
# build, which brings some gigabytes for NVIDIA's cards.
ARG TORCH_INDEX=

COPY docker/install-requirements.sh /build/docker/
COPY pyproject.toml constraints.txt /build/
RUN EXTRAS="$EXTRAS" TORCH_INDEX="$TORCH_INDEX" sh /build/docker/install-requirements.sh /build /opt/spinescan

# Apart from what it needs, so that a change of the code fetches nothing again.
COPY docker/install-product.sh /build/docker/
COPY README.md LICENSE /build/
COPY src /build/src/
RUN sh /build/docker/install-product.sh /build /opt/spinescan


FROM python:3.11-slim-bookworm

LABEL org.opencontainers.image.title="SpineScan with Jupyter" \
      org.opencontainers.image.description="Reads spine radiographs. Research use only. Not a medical device; not for diagnosis or treatment decisions." \
      org.opencontainers.image.licenses="Apache-2.0"

COPY --from=build /opt/spinescan /opt/spinescan
COPY docker/make-user.sh docker/start.sh docker/healthy.sh /opt/docker/
COPY notebooks /opt/notebooks/
RUN sh /opt/docker/make-user.sh 1000 /work

# The home is in memory: what shall last is in /work. Inside of a container Jupyter has to listen on
# all addresses to be reached; compose.yaml publishes it on 127.0.0.1 alone.
ENV PATH=/opt/spinescan/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp/home \
    HF_HOME=/work/.cache/huggingface \
    PYTHONUNBUFFERED=1 \
    SPINESCAN_ADDRESS=0.0.0.0

USER 1000:1000
WORKDIR /work
EXPOSE 8888
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["sh", "/opt/docker/healthy.sh"]
CMD ["sh", "/opt/docker/start.sh", "/opt/notebooks", "/work"]
