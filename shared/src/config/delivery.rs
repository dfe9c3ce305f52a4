//! What webhooks and syslog servers have in common.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::trust::Alias;
use crate::config::invalid::Invalid;

/// Which certificates of a receiver of alerts are trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryTrust {
    /// Those of the trust store of mail.
    TrustStore,
    /// Those too that the host's system trusts.
    #[default]
    SystemAndTrustStore,
    /// All. Dangerous.
    TrustAll,
}

impl DeliveryTrust {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Refuses a list that is too long or has a name twice; sorts it by name.
pub(super) fn named<T>(
    list: &mut [T],
    field: &str,
    most: usize,
    name: impl Fn(&T) -> &Alias,
) -> Result<(), Invalid> {
    if list.len() > most {
        let rule = format!("at most {most} entries are allowed");
        return Err(Invalid::new(field, rule));
    }
    list.sort_by(|a, b| name(a).cmp(name(b)));
    let twice = list.array_windows().find(|[a, b]| name(a) == name(b));
    match twice {
        Some([one, _]) => Err(Invalid::new(field, format!("{} occurs twice", name(one)))),
        None => Ok(()),
    }
}
