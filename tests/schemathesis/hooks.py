"""What the description of the API cannot say of its values, and what tests must not do."""

import os
import tomllib
from pathlib import Path

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

CERTIFICATES = [path.read_text() for path in sorted(Path(__file__).parent.glob("*.pem"))]

schemathesis.openapi.format("pem-certificate", st.sampled_from(CERTIFICATES))

API = "/api/v1/configuration"
SUBACCOUNT = API + "/subaccounts/{regionHost}/{subaccount}"
CHANNEL_STATE = SUBACCOUNT + "/channels/{channelType}/{channel}/state"
# Calls that would take away what all others need, and that a restore does not bring back: tried
# only, not done. The subaccount's credential ends with it, and the certificate that the agent shows
# is the one that the tests trust.
TRIED_ONLY = {
    ("PUT", API + "/document"),
    ("DELETE", SUBACCOUNT),
    ("POST", API + "/connector/ui/uiCertificate"),
    ("PUT", API + "/connector/ui/uiCertificate"),
    ("PATCH", API + "/connector/ui/uiCertificate"),
}
# The operators that were there at the beginning; the first makes the calls.
OPERATORS = os.environ["UNDERPASS_OPERATORS"].split(",")
OPERATOR = API + "/connector/operators/{operator}"
HISTORY = (API + "/revisions/{revision}/undo", API + "/revisions/{revision}/restore")
# What was there at the beginning, by name.
DICTIONARIES = tomllib.loads(Path("schemathesis.toml").read_text())["dictionaries"]
THERE = {name: entry["values"][0] for name, entry in DICTIONARIES.items()}
# After so many calls all is again as it was at the beginning, so that there is something to reach.
CALLS_BETWEEN_RESTORES = 25


def in_phase(case, phase):
    """Whether a case belongs to a phase of the run."""
    return case.meta is not None and case.meta.phase.name is phase


def session():
    """A connection of its own to the agent, as the operator who makes the calls."""
    own = requests.Session()
    own.trust_env = False
    own.verify = os.environ["UNDERPASS_CA_CERT"]
    own.cert = (os.environ["UNDERPASS_CERTIFICATE"], os.environ["UNDERPASS_KEY"])
    return own


class Beginning:
    """What there was before the first call."""

    def __init__(self):
        self.api = os.environ["UNDERPASS_URL"] + API
        self.session = session()
        self.revision = self.session.get(self.api + "/revisions", timeout=30).json()[0]["number"]
        self.operation = ""
        self.calls = 0

    def comes_back(self, case):
        """Restores it where it is time to."""
        # In stories the calls build on each other.
        story = in_phase(case, TestPhase.STATEFUL)
        operation = None if story else case.operation.label
        self.calls += 1
        if operation == self.operation and (story or self.calls < CALLS_BETWEEN_RESTORES):
            return
        self.calls, self.operation = 0, operation
        # What is on trial would be taken back in the middle of what comes next.
        self.session.post(self.api + "/pendingConfirm", timeout=30)
        restore = f"{self.api}/revisions/{self.revision}/restore"
        answer = self.session.post(restore, timeout=30)
        if answer.status_code != 204:
            raise RuntimeError(f"not restored: {answer.status_code} {answer.text}")
        # The history is not endless; this is the same state.
        self.revision = int(answer.headers["ETag"].strip('"'))


BEGINNING = Beginning()


def there(path, name):
    """The value of a variable segment that leads to what was there at the beginning."""
    if name == "virtualAddress" and ("/allowedClients" in path or "/blockedClientUsers" in path):
        return THERE["rfcAddress"]
    if path.endswith("/regions/{regionHost}"):
        return THERE["ownRegionHost"]
    return THERE[name]


def reach(case):
    """Lets a case of the coverage phase, whose values come from schemas alone, reach what is there."""
    if not in_phase(case, TestPhase.COVERAGE):
        return
    meta = case.meta
    path = meta.components.get(ParameterLocation.PATH)
    if path is not None and path.mode.is_positive:
        for name in case.path_parameters:
            # What a boundary is tried of stays.
            if name != meta.phase.data.parameter:
                case.path_parameters[name] = there(case.operation.path, name)
    # Tried only, or only for some time, where that is what is tried; both at once are refused.
    query = meta.components.get(ParameterLocation.QUERY)
    if query is not None and query.mode.is_positive:
        for name in ("dryRun", "confirmWithin"):
            if name != meta.phase.data.parameter:
                case.query.pop(name, None)
    header = meta.components.get(ParameterLocation.HEADER)
    if header is not None and header.mode.is_positive and "If-Match" in case.headers:
        case.headers["If-Match"] = "*"


def do(case):
    """Lets a case of a story be done, since the next one looks for what it made or removed: not so
    where it is only tried, or taken back after some time."""
    if not in_phase(case, TestPhase.STATEFUL):
        return
    query = case.meta.components.get(ParameterLocation.QUERY)
    if query is not None and query.mode.is_positive:
        for name in ("dryRun", "confirmWithin"):
            case.query.pop(name, None)


def is_kept(case):
    """Whether a call would take away what all others need."""
    method, path = case.method.upper(), case.operation.path
    values = case.path_parameters or {}
    if (method, path) in TRIED_ONLY:
        return True
    if path == OPERATOR:
        gone = method == "DELETE" and values.get("operator") in OPERATORS
        return gone or values.get("operator") == OPERATORS[0]
    # What was before the beginning has neither these operators nor what they need.
    if path in HISTORY:
        return str(values.get("revision")).isdigit() and int(values["revision"]) <= BEGINNING.revision
    return False


@schemathesis.hook
def before_call(context, case, kwargs):
    BEGINNING.comes_back(case)
    reach(case)
    do(case)
    if is_kept(case):
        case.query.pop("confirmWithin", None)
        case.query["dryRun"] = "true"


@schemathesis.check
def failures_are_those_that_are_known(ctx, response, case):
    """500 stands for one thing alone: a service channel cannot be opened."""
    if response.status_code != 500:
        return
    opened = case.method.upper() == "PUT" and case.operation.path == CHANNEL_STATE
    known = opened and "cannot be opened" in response.json()["message"]
    assert known, f"500: {response.text}"
