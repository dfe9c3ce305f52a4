//! Settings of the agent as a whole.

use super::Operation;
use crate::rights::Access::{Administration, Connector, Read};

pub(crate) const PROXY: &str = "/api/v1/configuration/connector/proxy";
pub(crate) const TRUSTSTORE: &str = "/api/v1/configuration/connector/onPremises/truststore";
pub(crate) const TRUSTED_CERTIFICATES: &str =
    "/api/v1/configuration/connector/onPremises/truststore/certificates";
pub(crate) const TRUSTED_CERTIFICATE: &str =
    "/api/v1/configuration/connector/onPremises/truststore/certificates/{alias}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(PROXY, Read, "Shows the HTTP proxy on the way out."),
    Operation::put(
        PROXY,
        Administration,
        "Sets the HTTP proxy on the way out; an empty body removes it.",
    ),
    Operation::delete(PROXY, Administration, "Removes the HTTP proxy."),
    Operation::get(TRUSTSTORE, Read, "Shows which back ends are trusted."),
    Operation::patch(
        TRUSTSTORE,
        Connector,
        "Says whether all back ends are trusted.",
    ),
    Operation::get(
        TRUSTED_CERTIFICATES,
        Read,
        "Lists the trusted certificates.",
    ),
    Operation::post(
        TRUSTED_CERTIFICATES,
        Connector,
        "Adds a trusted certificate.",
    ),
    Operation::delete(
        TRUSTED_CERTIFICATES,
        Connector,
        "Removes all trusted certificates.",
    ),
    Operation::get(TRUSTED_CERTIFICATE, Read, "Shows a trusted certificate."),
    Operation::delete(
        TRUSTED_CERTIFICATE,
        Connector,
        "Removes a trusted certificate.",
    ),
];
