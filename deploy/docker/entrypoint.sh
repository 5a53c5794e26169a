#!/bin/sh
# Starts the process that SERVICE names. With words it runs one of its commands instead:
#   entrypoint.sh migrate up        the migrations of this service's database
#   entrypoint.sh topics            the topics that this service needs and that are missing
#   entrypoint.sh migrate-all       the migrations of every service, each with its own /run/secrets/<service>_database_url;
#                                   with BUS=kafka then the topics of every service
set -eu
cd /app

SERVICES='identity origination ledger payments notifications reporting'
if [ "${1:-}" = migrate-all ]; then
  for service in $SERVICES; do
    DATABASE_URL_FILE="/run/secrets/${service}_database_url" \
      node "apps/$service/dist/main.js" migrate up
  done
  [ "${BUS:-pg}" = kafka ] || exit 0
  for service in $SERVICES; do
    node "apps/$service/dist/main.js" topics
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
