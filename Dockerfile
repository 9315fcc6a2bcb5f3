# The bot alone: no playground, no shell, not root. Mount interlock.toml and the runbooks, and a volume for the database;
# nothing else is written to:
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges \
#     -v ./interlock.toml:/etc/interlock/interlock.toml:ro -v ./runbooks:/etc/interlock/runbooks:ro \
#     -v interlock:/var/lib/interlock -p 8080:8080 interlock
FROM docker.io/library/rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --no-default-features \
    && strip target/release/interlock \
    && mkdir /empty

# glibc, libgcc, CA certificates and time zones.
FROM gcr.io/distroless/cc-debian12
COPY --from=build /src/target/release/interlock /usr/local/bin/interlock
COPY --from=build /src/runbooks /etc/interlock/runbooks
COPY --from=build --chown=10001:10001 /empty /var/lib/interlock
USER 10001:10001
# SQLite puts what it sorts beside the database when there is no other place.
WORKDIR /var/lib/interlock
VOLUME /var/lib/interlock
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/interlock"]
CMD ["serve", "--config", "/etc/interlock/interlock.toml"]
