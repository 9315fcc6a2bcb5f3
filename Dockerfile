# The bot alone, without the playground. Mount interlock.toml and the runbooks, and a volume for the database:
#   docker run -v ./interlock.toml:/etc/interlock/interlock.toml:ro -v ./runbooks:/etc/interlock/runbooks:ro \
#     -v interlock:/var/lib/interlock -p 8080:8080 interlock
FROM docker.io/library/rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --no-default-features

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/interlock --create-home interlock
COPY --from=build /src/target/release/interlock /usr/local/bin/interlock
COPY --from=build /src/runbooks /etc/interlock/runbooks
USER 10001
WORKDIR /var/lib/interlock
VOLUME /var/lib/interlock
EXPOSE 8080
ENTRYPOINT ["interlock"]
CMD ["serve", "--config", "/etc/interlock/interlock.toml"]
