# SpineScan's images. Research use only. docs/how-to/docker.md says how to use them.
#
#     slim      the page, the API and the DICOM node; no torch
#     training  Jupyter with the notebooks and all that training needs
#     orthanc   Debian's own Orthanc, a small PACS to try the way of a film
#
# All that is done is in docker/*.sh; `make rehearse` does the same without Docker, in clean roots.

FROM python:3.11-slim-bookworm AS build-slim

COPY docker/install-requirements.sh /build/docker/
COPY pyproject.toml constraints.txt /build/
RUN EXTRAS=web,pdf,dicom sh /build/docker/install-requirements.sh /build /opt/spinescan

# Apart from what it needs, so that a change of the code fetches nothing again.
COPY docker/install-product.sh /build/docker/
COPY README.md LICENSE /build/
COPY src /build/src/
RUN sh /build/docker/install-product.sh /build /opt/spinescan


FROM python:3.11-slim-bookworm AS slim

LABEL org.opencontainers.image.title="SpineScan" \
      org.opencontainers.image.description="Reads spine radiographs. Research use only. Not a medical device; not for diagnosis or treatment decisions." \
      org.opencontainers.image.licenses="Apache-2.0"

COPY --from=build-slim /opt/spinescan /opt/spinescan
COPY docker/make-user.sh docker/secret.sh docker/start-page.sh docker/healthy.sh docker/healthy-node.sh /opt/docker/
RUN sh /opt/docker/make-user.sh 1000 /data

# The home is in memory: what shall last is in /data.
ENV PATH=/opt/spinescan/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp/home \
    PYTHONUNBUFFERED=1

USER 1000:1000
WORKDIR /data
EXPOSE 8000 11112
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["sh", "/opt/docker/healthy.sh", "http://127.0.0.1:8000/ready"]
CMD ["sh", "/opt/docker/start-page.sh", "/data"]


FROM python:3.11-slim-bookworm AS build-training

# An index of PyTorch's builds for CPUs, as its installation page names it. Empty takes the usual
# build, which brings some gigabytes for NVIDIA's cards.
ARG TORCH_INDEX=

COPY docker/install-requirements.sh /build/docker/
COPY pyproject.toml constraints.txt /build/
RUN EXTRAS=notebook,train TORCH_INDEX="$TORCH_INDEX" sh /build/docker/install-requirements.sh /build /opt/spinescan

COPY docker/install-product.sh /build/docker/
COPY README.md LICENSE /build/
COPY src /build/src/
RUN sh /build/docker/install-product.sh /build /opt/spinescan


FROM python:3.11-slim-bookworm AS training

LABEL org.opencontainers.image.title="SpineScan with Jupyter" \
      org.opencontainers.image.description="Reads spine radiographs. Research use only. Not a medical device; not for diagnosis or treatment decisions." \
      org.opencontainers.image.licenses="Apache-2.0"

COPY --from=build-training /opt/spinescan /opt/spinescan
COPY docker/make-user.sh docker/secret.sh docker/start-jupyter.sh docker/healthy.sh /opt/docker/
COPY notebooks /opt/notebooks/
# The place of the films is there before anything is mounted on it.
RUN sh /opt/docker/make-user.sh 1000 /work /work/films

# Inside of a container Jupyter has to listen on all addresses to be reached; compose.yaml publishes
# it on 127.0.0.1 alone.
ENV PATH=/opt/spinescan/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp/home \
    HF_HOME=/work/.cache/huggingface \
    PYTHONUNBUFFERED=1 \
    SPINESCAN_ADDRESS=0.0.0.0

USER 1000:1000
WORKDIR /work
EXPOSE 8888
# Jupyter tells its version without a token, and nothing else.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["sh", "/opt/docker/healthy.sh", "http://127.0.0.1:8888/api"]
CMD ["sh", "/opt/docker/start-jupyter.sh", "/opt/notebooks", "/work"]


FROM debian:bookworm-slim AS orthanc

LABEL org.opencontainers.image.title="Orthanc beside SpineScan" \
      org.opencontainers.image.description="Debian's Orthanc, set up to send films to SpineScan. Research use only. Not a medical device; not for diagnosis or treatment decisions."

COPY docker/install-orthanc.sh docker/make-user.sh docker/secret.sh docker/start-orthanc.sh docker/healthy-orthanc.sh docker/orthanc.json docker/orthanc.lua /opt/docker/
RUN sh /opt/docker/install-orthanc.sh && sh /opt/docker/make-user.sh 1000 /data

ENV HOME=/tmp/home

USER 1000:1000
WORKDIR /data
EXPOSE 8042 4242
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["sh", "/opt/docker/healthy-orthanc.sh", "http://127.0.0.1:8042"]
CMD ["sh", "/opt/docker/start-orthanc.sh", "/opt/docker", "/data"]
