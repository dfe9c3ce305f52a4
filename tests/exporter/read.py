"""Reads everything that an agent tells for monitoring, as an exporter of another make would.

It knows the API by its field lists alone: for each path the fields that must be there and what is
in them. What it does not know it ignores. It prints what it read as one JSON object, by path.

    UNDERPASS_PASSWORD=... read.py https://HOST:8443 CA.pem USER
"""

import base64
import datetime
import json
import os
import ssl
import sys
import urllib.request


class Unexpected(Exception):
    """Something that is not as the field lists say."""


def text(value, where):
    if not isinstance(value, str):
        raise Unexpected(f"{where} is no text: {value!r}")


def count(value, where):
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unexpected(f"{where} is no count: {value!r}")


def flag(value, where):
    if not isinstance(value, bool):
        raise Unexpected(f"{where} is no truth value: {value!r}")


def percent(value, where):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        raise Unexpected(f"{where} is no percentage: {value!r}")


def port_text(value, where):
    text(value, where)
    if not 0 < int(value) < 65536:
        raise Unexpected(f"{where} is no port: {value!r}")


def millis(value, where):
    """Milliseconds since 1970 UTC; between 2001 and 2286, or it is of another unit."""
    count(value, where)
    if not 10**12 <= value < 10**13:
        raise Unexpected(f"{where} is no time in milliseconds: {value!r}")


def moment(value, where):
    """A time as text, with its zone."""
    text(value, where)
    if datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is None:
        raise Unexpected(f"{where} has no zone: {value!r}")


def one_of(*values):
    def check(value, where):
        if value not in values:
            raise Unexpected(f"{where} is {value!r}, none of {values}")

    return check


def each(item):
    def check(value, where):
        if not isinstance(value, list):
            raise Unexpected(f"{where} is no list: {value!r}")
        for index, one in enumerate(value):
            item(one, f"{where}[{index}]")

    return check


def fields(must, may=None):
    def check(value, where):
        if not isinstance(value, dict):
            raise Unexpected(f"{where} is no object: {value!r}")
        for name, inner in must.items():
            if name not in value:
                raise Unexpected(f"{where} has no {name}; it has {sorted(value)}")
            inner(value[name], f"{where}.{name}")
        for name, inner in (may or {}).items():
            if name in value:
                inner(value[name], f"{where}.{name}")

    return check


def by_subaccount(**must):
    whole = {"regionHost": text, "subaccount": text, "locationID": text, **must}
    return fields({"subaccounts": each(fields(whole)), "version": count})


PROTOCOL = one_of("HTTP", "HTTPS", "RFC", "RFCS", "LDAP", "LDAPS", "TCP", "TCPS")
CHANNEL_TYPE = fields({"typeKey": text, "typeName": text})
CERTIFICATE_OF_SUBACCOUNT = fields(
    {
        "notBeforeTimeStamp": millis,
        "notAfterTimeStamp": millis,
        "issuer": text,
        "subjectDN": text,
    }
)
TUNNEL = fields(
    {
        "state": one_of("Connected", "ConnectFailure", "Disconnected"),
        "connections": count,
        "applicationConnections": each(fields({"connectionCount": count, "name": text})),
        "serviceChannels": each(fields({"type": text, "state": text})),
        "subaccountCertificate": CERTIFICATE_OF_SUBACCOUNT,
    },
    {"connectedSinceTimeStamp": millis},
)
BACKEND_CONNECTION = fields(
    {
        "virtualBackend": text,
        "internalBackend": text,
        "protocol": PROTOCOL,
        "idle": count,
        "active": count,
    }
)
CHANNEL_CONNECTION = fields({"port": count, "typeDesc": CHANNEL_TYPE, "connections": count})
BUCKET = fields({"numberOfCalls": count, "minimumCallDurationMs": count})
BACKEND_PERFORMANCE = fields(
    {"virtualHost": text, "virtualPort": port_text, "protocol": PROTOCOL, "buckets": each(BUCKET)}
)
TOP_TIME_CONSUMER = fields(
    {
        "protocol": PROTOCOL,
        "virtualBackend": text,
        "internalBackend": text,
        "resource": text,
        "sentBytes": count,
        "receivedBytes": count,
        "user": text,
        "totalTime": count,
        "externalTime": count,
        "genSsoTime": count,
        "openRemoteTime": count,
        "validationSsoTime": count,
        "latencyTime": count,
    }
)
MEMORY = fields({"total": count, "CloudConnector": count, "others": count, "free": count})
HEAP = fields({"total": count, "used": count, "free": count})
CERTIFICATE = fields(
    {
        "type": one_of("UI", "System", "CA", "subaccount"),
        "validTo": millis,
        "subjectDN": text,
        "issuerDN": text,
        "serialNumber": text,
    },
    {"subaccountName": text, "subaccountRegion": text},
)
USED = {"bytesReceived": count, "bytesSent": count, "calls": count}
RESOURCE_USAGE = fields(
    {"resourceName": text, "enabled": flag, **USED}, {"mostRecentAccess": millis}
)
USAGE = fields(
    {
        "virtualHost": text,
        "virtualPort": port_text,
        "protocol": PROTOCOL,
        "resources": each(RESOURCE_USAGE),
        **USED,
    },
    {"mostRecentAccess": millis},
)
CHANNEL_USAGE = fields(
    {"port": count, "typeDesc": CHANNEL_TYPE, "bytesReceived": count, "bytesSent": count}
)
ALERT = fields(
    {
        "timestamp": millis,
        "status": one_of("INFO", "WARNING", "ERROR"),
        "type": text,
        "origin": one_of("Master", "Shadow"),
        "message": text,
        "entity": text,
    }
)

PATHS = {
    "subaccounts": by_subaccount(displayName=text, description=text, tunnel=TUNNEL),
    "connections/backends": by_subaccount(backendConnections=each(BACKEND_CONNECTION)),
    "connections/serviceChannels": by_subaccount(
        serviceChannelConnections=each(CHANNEL_CONNECTION)
    ),
    "performance/backends": by_subaccount(
        backendPerformance=each(BACKEND_PERFORMANCE), sinceTime=moment
    ),
    "performance/topTimeConsumers": by_subaccount(
        requests=each(TOP_TIME_CONSUMER), sinceTime=moment
    ),
    "memory": fields(
        {
            "physicalKB": MEMORY,
            "virtualKB": MEMORY,
            "cloudConnectorHeapKB": HEAP,
            "version": count,
        }
    ),
    "disk": fields(
        {"total": count, "CloudConnector": count, "others": count, "free": count, "version": count}
    ),
    "cpu": fields({"total": percent, "CloudConnector": percent, "version": count}),
    "certificates": fields(
        {
            "expired": each(CERTIFICATE),
            "expiring": each(CERTIFICATE),
            "ok": each(CERTIFICATE),
            "version": count,
        }
    ),
    "certificates/expired": each(CERTIFICATE),
    "certificates/expiring": each(CERTIFICATE),
    "certificates/ok": each(CERTIFICATE),
    "usage": by_subaccount(
        usageStatistics=each(USAGE),
        serviceChannelUsageStatistics=each(CHANNEL_USAGE),
        sinceTime=moment,
    ),
    "alerts": fields({"alerts": each(ALERT), "version": count}),
}


class Connector:
    """A connector and how it is asked."""

    def __init__(self, url, authority, user, password):
        self.url = url
        words = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {words}", "Accept": "application/json"}
        self.context = ssl.create_default_context(cafile=authority)

    def read(self, path):
        """The JSON of a path, checked."""
        request = urllib.request.Request(f"{self.url}/api/monitoring/{path}", headers=self.headers)
        with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
            kind = answer.headers.get_content_type()
            if kind != "application/json":
                raise Unexpected(f"{path} is {kind}")
            told = json.load(answer)
        PATHS[path](told, path)
        if isinstance(told, dict) and list(told)[-1] != "version":
            raise Unexpected(f"{path} does not end with version")
        return told

    def is_up(self):
        """The probe that needs no user."""
        probe = f"{self.url}/exposed?action=ping"
        with urllib.request.urlopen(probe, context=self.context, timeout=30) as answer:
            return answer.status == 200


def main():
    url, authority, user = sys.argv[1:]
    connector = Connector(url, authority, user, os.environ["UNDERPASS_PASSWORD"])
    if not connector.is_up():
        raise Unexpected("the connector is not up")
    print(json.dumps({path: connector.read(path) for path in PATHS}))


if __name__ == "__main__":
    main()
