//! Parts of addresses: segments, numbers, and the subaccount that stands in many.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::super::error::Refusal;
use super::CONFIGURATION;
use crate::id::{InvalidId, RegionHost, SubaccountId};

/// What must be escaped in one segment of a path.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A subaccount as it stands in addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubaccountPath {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
}

impl SubaccountPath {
    /// Reads its two segments.
    pub(super) fn parse(region_host: &str, subaccount: &str) -> Result<Self, Refusal> {
        let invalid = |field, rule: InvalidId| Refusal::invalid(field, rule.to_string());
        let (host, id) = (region_host.parse(), subaccount.parse());
        Ok(Self {
            region_host: host.map_err(|rule| invalid("regionHost", rule))?,
            subaccount: id.map_err(|rule| invalid("subaccount", rule))?,
        })
    }

    /// Writes the address of the subaccount below another one.
    pub(super) fn below(&self, base: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.region_host.to_string();
        let (host, id) = (segment(&host), self.subaccount);
        write!(f, "{base}/subaccounts/{host}/{id}")
    }
}

impl fmt::Display for SubaccountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.below(CONFIGURATION, f)
    }
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, SEGMENT)
}

/// The number of a revision, an alert or the like, which `what` names.
pub(super) fn number_of(text: &str, field: &str, what: &str) -> Result<u64, Refusal> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| Refusal::invalid(field, format!("must be the number of {what}")))
}
