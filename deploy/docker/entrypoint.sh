#!/bin/sh
# Starts the process that SERVICE names. With words it runs one of its commands instead:
#   entrypoint.sh migrate up        the migrations of this service's database
#   entrypoint.sh migrate-all       the migrations of every service, each with its own /run/secrets/<service>_database_url
set -eu
cd /app

if [ "${1:-}" = migrate-all ]; then
  for service in identity origination ledger payments notifications reporting; do
    DATABASE_URL_FILE="/run/secrets/${service}_database_url" \
      node "apps/$service/dist/main.js" migrate up
  done
  exit 0
fi

if [ ! -f "apps/${SERVICE:-}/dist/main.js" ]; then
  echo "SERVICE is '${SERVICE:-}'; there are: $(ls apps | tr '\n' ' ')" >&2
  exit 64
fi
# A small young generation, as `npm start` uses: a service mostly waits.
exec node --enable-source-maps --max-semi-space-size="${SEMI_SPACE_MB:-4}" \
  "apps/$SERVICE/dist/main.js" "$@"
