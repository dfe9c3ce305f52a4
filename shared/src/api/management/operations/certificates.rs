//! The agent's own certificates.

use super::Operation;
use crate::rights::Access::{Connector, Read};

pub(crate) const UI: &str = "/api/v1/configuration/connector/ui/uiCertificate";
pub(crate) const SYSTEM: &str = "/api/v1/configuration/connector/onPremises/systemCertificate";
pub(crate) const PP_CA: &str = "/api/v1/configuration/connector/onPremises/ppCaCertificate";

const SHOWS: &str = "Shows the certificate as JSON, or gives it as PEM or DER by Accept.";
const MAKES: &str = "Makes a self-signed certificate, or a request whose PEM is the answer.";
const TAKES: &str = "Takes the signed certificate of the request that waits.";
const IMPORTS: &str = "Imports a certificate with its key: PKCS #12 or PEM.";
const REMOVES: &str = "Removes the certificate, its key and a request that waits.";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(UI, Read, SHOWS),
    Operation::post(UI, Connector, MAKES),
    Operation::patch(UI, Connector, TAKES),
    Operation::put(UI, Connector, IMPORTS),
    Operation::get(SYSTEM, Read, SHOWS),
    Operation::post(SYSTEM, Connector, MAKES),
    Operation::patch(SYSTEM, Connector, TAKES),
    Operation::put(SYSTEM, Connector, IMPORTS),
    Operation::delete(SYSTEM, Connector, REMOVES),
    Operation::get(PP_CA, Read, SHOWS),
    Operation::post(PP_CA, Connector, MAKES),
    Operation::patch(PP_CA, Connector, TAKES),
    Operation::put(PP_CA, Connector, IMPORTS),
    Operation::delete(PP_CA, Connector, REMOVES),
];
