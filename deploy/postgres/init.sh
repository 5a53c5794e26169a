#!/bin/sh
# Makes one role and one database for each service, with the password that its address names.
# Runs in the PostgreSQL image at the first start of an empty volume.
set -eu
for service in identity origination ledger payments notifications reporting; do
  url=$(cat "/run/secrets/${service}_database_url")
  password=${url#*://*:}
  password=${password%%@*}
  psql --set ON_ERROR_STOP=1 --set role="$service" --set password="$password" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
create role :"role" login password :'password' nosuperuser nocreatedb nocreaterole;
create database :"role" owner :"role";
revoke connect, temporary on database :"role" from public;
SQL
done
