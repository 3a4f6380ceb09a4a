FROM python:3.11-slim AS build
WORKDIR /source
RUN python -m venv /opt/takehold
# Dependencies first: they seldom change, so a new version of the code does not fetch them anew.
COPY requirements.txt ./
RUN /opt/takehold/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY adkar adkar
COPY events events
COPY notifiers notifiers
COPY service service
RUN /opt/takehold/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
# A fixed number, so that the owner of a volume's files stays the same from one image to the next.
RUN groupadd --gid 10001 takehold \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data takehold \
    && install --directory --owner=takehold --group=takehold --mode=0700 /data /keys
COPY --from=build /opt/takehold /opt/takehold
ENV PATH=/opt/takehold/bin:$PATH
# Else links in messages would be built on the address that `serve` listens on, and 0.0.0.0 leads nowhere.
ENV TAKEHOLD_PUBLIC_URL=http://localhost:8080
USER 10001:10001
# Without TAKEHOLD_DATABASE_URL the store is takehold.db in the working directory, so sqlite:////data/takehold.db. It is
# not set here, because a variable that is set wins over the file that TAKEHOLD_DATABASE_URL_FILE names.
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8080
# http.client, since urllib would ask a proxy that the environment names for the way to this very container.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8080, timeout=5); c.request('GET', '/health/ready'); sys.exit(c.getresponse().status != 200)"]
CMD ["takehold", "serve", "--host", "0.0.0.0"]
