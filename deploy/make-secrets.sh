#!/bin/sh
# Makes every secret that docker-compose.yml names, once: a file that exists stays as it is, so that a real value can be
# put in its place. The folder is readable by its owner only; the files in it are mounted into containers, whose users
# are others.
#   deploy/make-secrets.sh [folder] [host name of the certificate]
set -eu
folder=${1:-"$(dirname "$0")/secrets"}
host=${2:-localhost}
mkdir -p "$folder"
chmod 700 "$folder"

keep() { [ -s "$folder/$1" ] || printf '%s' "$2" > "$folder/$1"; chmod 644 "$folder/$1"; }
random() { openssl rand -hex "$1"; }

keep internal_key "$(random 32)"
keep key_encryption_key "$(random 32)"
keep seed_password "demo-$(random 6)"
keep postgres_password "$(random 24)"
keep grafana_password "$(random 12)"
for service in identity origination ledger payments notifications reporting; do
  keep "${service}_database_url" "postgres://$service:$(random 24)@postgres:5432/$service"
done

# What the sandbox takes; the pass key is the public one of Safaricom's own sandbox.
keep daraja_consumer_key ck_test
keep daraja_consumer_secret cs_test
keep daraja_passkey bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919
keep daraja_initiator_password 'Safaricom123#'
keep daraja_hook_token "$(random 16)"
# The sandbox calls back inside the network; a real provider calls https://<your host>/hooks/daraja/<token>.
keep daraja_callback_base_url "http://gateway:8000/hooks/daraja/$(cat "$folder/daraja_hook_token")"

# Self-signed, for a machine of one's own; put the files of a real certificate in their place.
if [ ! -s "$folder/tls_certificate" ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host,IP:127.0.0.1" \
    -keyout "$folder/tls_key" -out "$folder/tls_certificate" 2> /dev/null
  chmod 644 "$folder/tls_key" "$folder/tls_certificate"
fi
