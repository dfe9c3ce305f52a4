//! Settings of the agent as a whole.

use super::super::{
    ProxyInput, ProxyShown, TrustedInput, TrustedShown, TruststoreInput, TruststoreShown,
};
use super::Operation;
use crate::rights::Access::{Administration, Connector, Read};

pub(crate) const PROXY: &str = "/api/v1/configuration/connector/proxy";
pub(crate) const TRUSTSTORE: &str = "/api/v1/configuration/connector/onPremises/truststore";
pub(crate) const TRUSTED_CERTIFICATES: &str =
    "/api/v1/configuration/connector/onPremises/truststore/certificates";
pub(crate) const TRUSTED_CERTIFICATE: &str =
    "/api/v1/configuration/connector/onPremises/truststore/certificates/{alias}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(PROXY, Read, "Shows the HTTP proxy on the way out.")
        .gives::<ProxyShown>()
        .may_be_missing(),
    Operation::put(
        PROXY,
        Administration,
        "Sets the HTTP proxy on the way out; an empty body removes it.",
    )
    .takes::<ProxyInput>()
    .optionally(),
    Operation::delete(PROXY, Administration, "Removes the HTTP proxy."),
    Operation::get(TRUSTSTORE, Read, "Shows which back ends are trusted.")
        .gives::<TruststoreShown>(),
    Operation::patch(
        TRUSTSTORE,
        Connector,
        "Says whether all back ends are trusted.",
    )
    .takes::<TruststoreInput>(),
    Operation::get(
        TRUSTED_CERTIFICATES,
        Read,
        "Lists the trusted certificates, or gives them as PEM or DER by Accept.",
    )
    .gives::<Vec<TrustedShown>>(),
    Operation::post(
        TRUSTED_CERTIFICATES,
        Connector,
        "Adds a trusted certificate; as a form with files, all that are in them.",
    )
    .takes::<TrustedInput>()
    .creates()
    .conflicts(),
    Operation::delete(
        TRUSTED_CERTIFICATES,
        Connector,
        "Removes all trusted certificates.",
    ),
    Operation::get(TRUSTED_CERTIFICATE, Read, "Shows a trusted certificate.")
        .gives::<TrustedShown>(),
    Operation::delete(
        TRUSTED_CERTIFICATE,
        Connector,
        "Removes a trusted certificate.",
    ),
];
