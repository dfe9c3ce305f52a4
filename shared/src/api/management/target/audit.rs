//! The addresses of the audit log.

use std::fmt;

use super::super::error::Refusal;
use super::super::operations::audit;
use super::SubaccountPath;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// Its settings.
    Settings,
    /// The level of one subaccount in it.
    SubaccountLevel(SubaccountPath),
    /// Its records.
    Records,
    /// Its records, all as CSV.
    Csv,
    /// Its records, all as lines of JSON.
    Lines,
    /// Whether it is as it was written.
    Verification,
}

impl AuditTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        Some(Ok(match segments {
            ["auditLog", "records"] => Self::Records,
            ["auditLog", "records.csv"] => Self::Csv,
            ["auditLog", "records.jsonl"] => Self::Lines,
            ["auditLog", "verification"] => Self::Verification,
            ["configuration", "connector", "auditLog", rest @ ..] => match rest {
                [] => Self::Settings,
                ["subaccounts", region_host, subaccount] => {
                    let path = SubaccountPath::parse(region_host, subaccount);
                    return Some(path.map(Self::SubaccountLevel));
                }
                _ => return None,
            },
            _ => return None,
        }))
    }

    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::Settings => audit::AUDIT_LOG,
            Self::SubaccountLevel(_) => audit::SUBACCOUNT_AUDIT_LOG,
            Self::Records => audit::AUDIT_RECORDS,
            Self::Csv => audit::AUDIT_CSV,
            Self::Lines => audit::AUDIT_LINES,
            Self::Verification => audit::AUDIT_VERIFICATION,
        }
    }
}

impl fmt::Display for AuditTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubaccountLevel(path) => path.below(audit::AUDIT_LOG, f),
            Self::Settings | Self::Records | Self::Csv | Self::Lines | Self::Verification => {
                f.write_str(self.template())
            }
        }
    }
}
