//! Subaccounts and their tunnels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BySubaccount, MONITORING_VERSION, OfSubaccount};
use crate::api::management::{SubaccountShown, Tunnel};
use crate::config::Text;
use crate::config::limits::{DESCRIPTION_LEN_MAX, DISPLAY_NAME_LEN_MAX};

/// The subaccounts and their tunnels.
pub type MonitoredSubaccounts = BySubaccount<MonitoredSubaccount>;

/// A subaccount and its tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonitoredSubaccount {
    /// For people.
    pub display_name: Text<DISPLAY_NAME_LEN_MAX>,
    /// For people.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// Its tunnel.
    pub tunnel: Tunnel,
}

impl MonitoredSubaccounts {
    /// Shows subaccounts.
    pub fn show(all: impl IntoIterator<Item = SubaccountShown>) -> Self {
        let one = |shown: SubaccountShown| OfSubaccount {
            region_host: shown.region_host,
            subaccount: shown.subaccount,
            location_id: shown.location_id,
            told: MonitoredSubaccount {
                display_name: shown.display_name,
                description: shown.description,
                tunnel: shown.tunnel,
            },
        };
        Self {
            subaccounts: all.into_iter().map(one).collect(),
            version: MONITORING_VERSION,
        }
    }
}
