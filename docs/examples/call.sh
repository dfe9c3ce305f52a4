#!/usr/bin/env bash
# Calls a back end through a running demo: call.sh STATE_DIR PATH [LOCATION_ID]
set -euo pipefail
state=$1 path=$2 location=${3:-}

member() { jq -r "$1" "$state/demo.json"; }

token=$(curl -sS --fail --cacert "$(member .gateway.caCert)" \
  -d grant_type=client_credentials \
  --data-urlencode "client_id=$(member '.subaccounts[0].binding.clientid')" \
  --data-urlencode "client_secret=$(member '.subaccounts[0].binding.clientsecret')" \
  "$(member .gateway.tokenUrl)/oauth/token" | jq -r .access_token)

curl -sS -i --proxy "$(member .gateway.httpProxy)" --noproxy '' \
  --proxy-header "Proxy-Authorization: Bearer $token" \
  ${location:+-H "SAP-Connectivity-SCC-Location_ID: $location"} \
  "http://$(member '.backends[0].virtualHost'):$(member '.backends[0].virtualPort')$path"
