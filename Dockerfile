# syntax=docker/dockerfile:1
# The image of the chart helm/sluice. The project's tests run the operator as a process: none of them builds or runs a
# container, a linter reads this file.

FROM rust:1.95.0-bookworm AS build
# The toolchain of the image, instead of one more by rust-toolchain.toml.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /sluice
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/sluice/target \
    cargo build --release --locked --bin sluice \
    && cp target/release/sluice /usr/local/bin/sluice

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /usr/local/bin/sluice /usr/local/bin/sluice
COPY LICENSE /licenses/LICENSE
# The user of source-controller's image: either can read what the other has left on a volume.
USER 65534:65534
# Artifacts, metrics, health.
EXPOSE 9090 8080 9440
ENTRYPOINT ["/usr/local/bin/sluice"]
