"""Stands in for an SAP Cloud Connector: serves its documented REST API, for reading alone.

Written from SAP's documentation and from nothing of this repository. It needs Python's own library.

stand_in.py dump                    prints all that it serves, address by address
stand_in.py serve --folder DIR      serves it by TLS until it is killed, and writes DIR/port

DIR holds cert.pem and key.pem, what it shows of itself; trusted-N.pem, the trust store of back ends;
and clients.pem, if clients may come with a certificate in place of a password.
"""

import argparse
import base64
import json
import os
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

USER, PASSWORD = "Administrator", "manage me, pl\u00e9ase"
ROOT = "/api/v1/configuration"
EU10, US10, NEO = "cf.eu10.hana.ondemand.com", "cf.us10.hana.ondemand.com", "hana.ondemand.com"
SUBACCOUNTS = [
    (EU10, "0190a5a2-6d0e-7cc0-8000-0000000000a1", "plant", 40),
    (EU10, "0190a5a2-6d0e-7cc0-8000-0000000000a2", "", 40),
    (US10, "0190a5a2-6d0e-7cc0-8000-0000000000a3", "site-b", 15),
    (NEO, "p1234567trial", "", 5),
]
RESOURCES = 1000
PAGE = 7
CREATED = 1700000000000
CERTIFICATE = {
    "subjectDN": "CN=scc.corp.example,O=Corp",
    "issuer": "CN=Corp Root",
    "notBeforeTimeStamp": CREATED,
    "notAfterTimeStamp": CREATED + 10**11,
    "serialNumber": "0a:1b:2c",
}
# Protocol, back-end type, authentication mode.
SYSTEMS = [
    ("HTTPS", "abapSys", "X509_GENERAL"),
    ("HTTP", "abapSys", "NONE"),
    ("HTTPS", "netweaverGW", "X509_RESTRICTED"),
    ("HTTP", "nonSAPsys", "NONE_RESTRICTED"),
    ("HTTPS", "nonSAPsys", "KERBEROS"),
    ("HTTPS", "hana", "NONE"),
    ("RFC", "abapSys", "NONE"),
    ("RFCS", "abapSys", "X509_GENERAL"),
    ("TCP", "otherSAPsys", "NONE"),
    ("TCPS", "nonSAPsys", "NONE"),
    ("LDAP", "nonSAPsys", "NONE"),
    ("LDAPS", "nonSAPsys", "NONE"),
    ("HTTP", "applServerJava", "NONE"),
    ("HTTP", "PI", "NONE"),
    ("HTTPS", "BC", "NONE"),
    ("HTTPS", "netweaverCE", "NONE"),
]


def mapping(number, hello):
    protocol, backend, mode = SYSTEMS[number % len(SYSTEMS)]
    virtual, local = str(1000 + number), str(2000 + number)
    if protocol == "TCP":
        virtual, local = f"{10000 + 100 * number}-{10009 + 100 * number}", f"{20000 + 100 * number}-{20009 + 100 * number}"
    one = {
        "virtualHost": f"System{number}.virtual",
        "virtualPort": virtual,
        "localHost": f"host{number}.corp.example",
        "localPort": local,
        "creationDate": str(CREATED + number),
        "protocol": protocol,
        "backendType": backend,
        "hostInHeader": ["VIRTUAL", "INTERNAL"][number % 2],
        "sid": f"S{number:02}",
        "totalResourcesCount": 0,
        "enabledResourcesCount": 0,
        "authenticationMode": mode,
        "description": f"System {number}",
        "allowedClients": [],
        "blacklistedUsers": [],
    }
    if protocol.startswith("RFC"):
        one["sapRouter"] = "/H/router.corp.example/S/3299"
        one["allowedClients"] = ["100", "200"]
        one["blacklistedUsers"] = [{"client": "100", "user": "DDIC"}]
    if protocol == "RFCS":
        one["sncPartnerName"] = f"p:CN=S{number:02},O=Corp"
    if number == 1 and hello:
        one.update(virtualHost="hello.virtual", virtualPort="80", localHost="127.0.0.1", localPort=hello)
    return one


def resource(number, rfc):
    if rfc:
        identifier = f"Z_FUNCTION_{number}"
    elif number == 1:
        identifier = "/hello"
    else:
        identifier = [f"/sap/opu/odata/s{number}", f"/ui-{number}+x/", f"/sap/bc/r{number}"][number % 3]
    return {
        "id": identifier,
        "enabled": number % 10 != 9,
        "exactMatchOnly": number % 3 == 2,
        "websocketUpgradeAllowed": number % 7 == 0 and not rfc,
        "creationDate": str(CREATED + number),
        "description": f"Resource {number}",
        "_links": {},
    }


def channels():
    common = {"enabled": True, "connections": 2, "comment": "for reports", "state": {"connected": False, "openedConnections": 0}}
    return {
        "HANA": [dict(common, id=1, type="HANA", port=30015, hanaInstanceName="hdb", instanceNumber=0)],
        "VirtualMachine": [dict(common, id=2, type="VirtualMachine", port=2222, name="vm1", endpointId="e1")],
        "ABAPCloud": [dict(common, id=3, type="ABAPCloud", port=3301, abapCloudTenantHost="t.abap.example", instanceNumber=1)],
        "ABAPCloudSNC": [dict(common, id=4, type="ABAPCloudSNC", port=4802, abapCloudTenantHost="t.abap.example", instanceNumber=2)],
        "K8S": [dict(common, id=5, type="K8S", port=5432, k8sCluster="c.example:443", k8sService="db")],
    }


def connector(trusted):
    at = ROOT + "/connector"
    rule = lambda condition, pattern: {"description": "users", "condition": condition, "subjectPattern": pattern}
    entries = [{"alias": f"corp root {n}", "subjectDN": f"CN=Root {n}", "issuer": f"CN=Root {n}", "notAfterTimeStamp": CREATED} for n in range(trusted)]
    return {
        "/api/v1/connector/version": {"version": "2.19.1"},
        "/api/v2/configuration/connector/authentication": {"type": "basic", "orderedLdapConfigurations": []},
        at: {"ha": "master", "description": "Plant connector"},
        at + "/authentication": {"type": "basic", "configuration": {"user": USER}},
        at + "/proxy": {"host": "proxy.corp.example", "port": "3128", "user": "scc", "password": "***"},
        at + "/ha/master/config": {"haEnabled": True, "haPort": 8443, "allowedShadowHost": ""},
        at + "/logAndTrace": {"sccLogLevel": "WARN", "otherLogLevel": "INFO", "tlsTrace": False, "isTlsTraceActive": False, "cpicTraceLevel": 0, "cleanup": 30, "rolloverThreshold": "75 MB", "logAndTracePath": "/opt/sap/scc/log"},
        at + "/auditLog": {"level": "ALL", "cleanup": 90, "logPath": "/opt/sap/scc/log/audit"},
        at + "/alerting": {"thresholds": {"cpuLoad": 80, "cpuLoadViolationToleranceSec": 120, "freeDiskSpaceMb": 500, "certificateValidityDays": 45}, "notification": {"ha": True, "tunnels": True, "serviceChannels": False, "CPU": True, "freeDiskSpace": True, "certificates": True, "troubleshooting": False}},
        at + "/email": {"enabled": True, "trustOption": "emailTrustStore", "sendTo": "ops@corp.example", "sendFrom": "scc@corp.example", "smtpHost": "mail.corp.example", "smtpPort": "587", "smtpUsername": "scc", "additionalProperties": {"mail.smtp.timeout": "5000", "mail.debug": "true"}},
        at + "/email/truststore": {"trustedEmailCertificates": []},
        at + "/solutionManagement": {"hostAgentPath": "/usr/sap/hostctrl", "isEnabled": True, "dsrEnabled": False},
        at + "/ui/uiCertificate": dict(CERTIFICATE, subjectAltNames=[{"type": "DNS", "value": "scc.corp.example"}]),
        at + "/ui/cipherSuites": ["TLS_AES_256_GCM_SHA384"],
        at + "/onPremises/systemCertificate": CERTIFICATE,
        at + "/onPremises/ppCaCertificate": CERTIFICATE,
        at + "/onPremises/ppSettings": {"expirationToleranceInHr": 1, "certificateValidityInMin": 30},
        at + "/onPremises/truststore": {"trustAllBackends": False, "trustedBackends": entries},
        at + "/onPremises/subjectPatternRules": [
            rule("user_type is business", {"CN": "${mail}", "O": "Corp"}),
            rule("client_id exists", {"CN": "${client_id}", "OU": "Programs"}),
            rule("mail does not exist", {"CN": "${login_name}"}),
            rule("cp.origin is not partner", {"CN": "${name}", "EMAIL": "${email}", "C": "DE"}),
            rule("always true", {"CN": "${name}"}),
        ],
        ROOT + "/subaccounts/corrupted": [],
    }


def serve_data(trusted, hello):
    """All answers by their addresses."""
    data = connector(trusted)
    data[ROOT + "/subaccounts"] = [{"regionHost": r, "subaccount": s, "locationID": l} for r, s, l, _ in SUBACCOUNTS]
    number, lists = 0, []
    for place, (region, subaccount, location, count) in enumerate(SUBACCOUNTS):
        at = f"{ROOT}/subaccounts/{region}/{subaccount}"
        data[at] = {
            "regionHost": region, "subaccount": subaccount, "locationID": location,
            "displayName": f"Subaccount {place}", "description": "Cloud side", "autoCertRenewal": place != 1,
            "isManaged": place == 2, "newInSomeVersion": {"a": 1},
            "tunnel": {"state": "Connected", "connectedSinceTimeStamp": CREATED, "connections": 1, "applicationConnections": [], "serviceChannels": [], "subaccountCertificate": CERTIFICATE},
            "_links": {"self": {"href": at}},
        }
        data[at + "/trust"] = {"autoSyncTrustEnabled": place == 0}
        data[at + "/trust/idps"] = [{"id": 10 * place + 1, "name": "idp", "description": "users", "certificate": {k: CERTIFICATE[k] for k in ("subjectDN", "issuer", "notBeforeTimeStamp", "notAfterTimeStamp")}, "enabled": True}]
        data[at + "/trust/apps"] = [{"id": 10 * place + 2, "name": "app", "applicationType": "JAVA", "enabled": False}]
        data[at + "/domainMappings"] = [{"virtualDomain": f"v{n}.cloud.example", "internalDomain": f".i{n}.corp.example"} for n in range(3)]
        data[f"{ROOT}/connector/logAndTrace/subaccounts/{region}/{subaccount}"] = {"trafficTrace": place == 0, "payloadSncTrace": False}
        data[f"{ROOT}/connector/auditLog/subaccounts/{region}/{subaccount}"] = {"level": ["SECURITY", "ALL", "OFF", "SECURITY"][place]}
        for kind, all_of_kind in channels().items():
            data[f"{at}/channels/{kind}"] = all_of_kind if place == 0 else []
        mappings = data[at + "/systemMappings"] = []
        for _ in range(count):
            one = mapping(number, hello)
            number += 1
            mappings.append(one)
            if one["protocol"][:3] in ("HTT", "RFC"):
                lists.append((one, []))
                data[f"{at}/systemMappings/{one['virtualHost']}:{one['virtualPort']}/resources"] = lists[-1][1]
    for number in range(RESOURCES):
        one, resources = lists[number % len(lists)]
        resources.append(resource(number, one["protocol"].startswith("RFC")))
        one["totalResourcesCount"] += 1
        one["enabledResourcesCount"] += resources[-1]["enabled"]
    return data


class Connector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        state = self.server.state
        url = urlsplit(self.path)
        path = unquote(url.path)
        if path == "/stand-in/stats":
            return self.send(200, json.dumps(state.stats).encode())
        if path == "/stand-in/always":
            state.always = [tuple(one.split("=", 1)) for one in parse_qs(url.query)["fault"]]
            return self.send(200, b"{}")
        state.count("requests")
        if not self.is_known():
            state.count("refusedLogins")
            return self.send(401, json.dumps({"type": "FORBIDDEN_REQUEST", "message": "no"}).encode())
        if not self.begin_session() or self.fault(path):
            return None
        if path in state.certificates and "pkix-cert" in self.headers.get("Accept", ""):
            return self.send(200, state.certificates[path], "application/pkix-cert")
        if path not in state.data:
            body = {"type": "NOT_FOUND", "message": f"{path} does not exist"}
            return self.send(404, json.dumps(body).encode())
        answer, more = state.data[path], []
        if "paged" in state.faults and isinstance(answer, list) and len(answer) > PAGE:
            page = int(parse_qs(url.query).get("page", ["0"])[0])
            answer = answer[page * PAGE:][:PAGE]
            if (page + 1) * PAGE < len(state.data[path]):
                more = [("Link", f'<{quote(path, safe="/:")}?page={page + 1}>; rel="next"')]
        return self.send(200, json.dumps(answer).encode(), more=more)

    def do_POST(self):
        self.server.state.count("writes")
        self.send(405, b"{}")

    do_PUT = do_PATCH = do_DELETE = do_POST

    def is_known(self):
        if self.server.state.by_certificate and self.connection.getpeercert():
            return True
        kind, _, text = self.headers.get("Authorization", "").partition(" ")
        return kind == "Basic" and base64.b64decode(text).decode() == f"{USER}:{PASSWORD}"

    def begin_session(self):
        """Sessions live by their cookie, as those of a servlet container."""
        state = self.server.state
        self.cookie = None
        if "JSESSIONID=" in self.headers.get("Cookie", ""):
            return True
        state.count("sessions")
        self.cookie = f"JSESSIONID={os.urandom(8).hex()}; Path=/; Secure; HttpOnly"
        return True

    def fault(self, path):
        """Whether something goes wrong in place of the answer."""
        state = self.server.state
        if "slow" in state.faults:
            time.sleep(0.01)
        for end, kind in state.always:
            if path.endswith(end):
                return self.go_wrong(kind)
        key = sum(path.encode())
        if "broken" in state.faults and key % 4 == 0 and state.first(path):
            return self.go_wrong(["close", "truncate", "500", "503", "html", "garbage"][key // 4 % 6])
        return False

    def go_wrong(self, kind):
        if kind == "close":
            self.close_connection = True
        elif kind == "truncate":
            self.send(200, b'[{"id": "x"', length=1000)
            self.close_connection = True
        elif kind == "html":
            self.send(200, b"<html>please log on</html>", "text/html;charset=UTF-8")
        elif kind == "garbage":
            self.send(200, b"\xff\xfe{not JSON")
        elif kind == "endless":
            url = urlsplit(self.path)
            page = int(parse_qs(url.query).get("page", ["0"])[0])
            self.send(200, b"[]", more=[("Link", f'<{url.path}?page={page + 1}>; rel="next"')])
        elif kind == "huge":
            self.send(200, b"[" + b'"x",' * (12 << 20) + b'"x"]')
        else:
            body = {"type": "RUNTIME_FAILURE", "message": "the configuration is locked"}
            self.send(int(kind), json.dumps(body).encode())
        return True

    def send(self, status, body, kind="application/json", more=(), length=None):
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(length or len(body)))
            if getattr(self, "cookie", None):
                self.send_header("Set-Cookie", self.cookie)
            for name, value in more:
                self.send_header(name, value)
            self.end_headers()
            half = len(body) // 2
            self.wfile.write(body[:half])
            if "slow" in self.server.state.faults:
                self.wfile.flush()
                time.sleep(0.01)
            self.wfile.write(body[half:])
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def log_message(self, *_):
        pass


class State:
    def __init__(self, options):
        trusted = []
        while os.path.exists(file := f"{options.folder}/trusted-{len(trusted)}.pem"):
            with open(file, encoding="ascii") as pem:
                trusted.append(ssl.PEM_cert_to_DER_cert(pem.read()))
        self.data = serve_data(len(trusted), options.hello)
        at = ROOT + "/connector/onPremises/truststore/certificates/corp root "
        self.certificates = {f"{at}{n}": der for n, der in enumerate(trusted)}
        if options.old:
            # Versions before 2.18 called the folder otherwise.
            rename = lambda path: path.replace("/onPremises/", "/onPremise/")
            self.data = {rename(path): answer for path, answer in self.data.items()}
            self.certificates = {rename(path): der for path, der in self.certificates.items()}
        self.faults = options.fault
        self.always = [tuple(one.split("=", 1)) for one in options.always]
        self.by_certificate = os.path.exists(f"{options.folder}/clients.pem")
        self.stats = {"requests": 0, "sessions": 0, "refusedLogins": 0, "writes": 0}
        self.seen, self.lock = set(), threading.Lock()

    def count(self, name):
        with self.lock:
            self.stats[name] += 1

    def first(self, path):
        with self.lock:
            new = path not in self.seen
            self.seen.add(path)
            return new


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


def serve(options):
    server = Server(("127.0.0.1", 0), Connector)
    server.state = State(options)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(f"{options.folder}/cert.pem", f"{options.folder}/key.pem")
    if server.state.by_certificate:
        tls.verify_mode = ssl.CERT_OPTIONAL
        tls.load_verify_locations(f"{options.folder}/clients.pem")
    if options.tls12:
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
    # The handshake belongs to the thread of its connection, not to the accepting one.
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with open(f"{options.folder}/port.new", "w", encoding="ascii") as file:
        file.write(str(server.server_address[1]))
    os.rename(f"{options.folder}/port.new", f"{options.folder}/port")
    server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["dump", "serve"])
    parser.add_argument("--folder", default=".")
    parser.add_argument("--hello", help="port of a back end of the test")
    parser.add_argument("--fault", action="append", default=[], choices=["slow", "paged", "broken"])
    parser.add_argument("--always", action="append", default=[], metavar="END=KIND")
    parser.add_argument("--old", action="store_true")
    parser.add_argument("--tls12", action="store_true")
    options = parser.parse_args()
    if options.what == "dump":
        json.dump(serve_data(3, options.hello), sys.stdout)
    else:
        serve(options)


if __name__ == "__main__":
    main()
