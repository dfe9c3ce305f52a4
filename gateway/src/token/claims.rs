//! The claims of our tokens.

use serde::{Deserialize, Serialize};

/// What we write. Names and shapes are those that clients of SAP's token endpoint know.
#[derive(Debug, Serialize)]
pub(super) struct Issue<'a> {
    pub(super) iss: &'a str,
    pub(super) sub: &'a str,
    pub(super) aud: [&'a str; 2],
    pub(super) client_id: &'a str,
    pub(super) cid: &'a str,
    pub(super) azp: &'a str,
    pub(super) zid: &'a str,
    pub(super) iat: i64,
    pub(super) exp: i64,
    pub(super) jti: &'a str,
    pub(super) scope: [&'a str; 1],
    pub(super) grant_type: &'a str,
    pub(super) ext_attr: ExtAttr<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct ExtAttr<'a> {
    pub(super) subaccountid: &'a str,
}

/// What we read.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    pub(super) zid: String,
    pub(super) cid: String,
    pub(super) exp: i64,
}
