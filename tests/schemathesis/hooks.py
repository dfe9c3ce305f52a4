"""What the description of the API cannot say of its values, and what tests must not do."""

from pathlib import Path

import schemathesis
from hypothesis import strategies as st

CERTIFICATES = [path.read_text() for path in sorted(Path(__file__).parent.glob("*.pem"))]

schemathesis.openapi.format("pem-certificate", st.sampled_from(CERTIFICATES))

# Calls that would take away what all others are about: tried only, not done.
TRIED_ONLY = {
    ("PUT", "/api/v1/configuration/document"),
    ("DELETE", "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}"),
}


@schemathesis.hook
def before_call(context, case, kwargs):
    if (case.method.upper(), case.operation.path) in TRIED_ONLY:
        case.query["dryRun"] = "true"
