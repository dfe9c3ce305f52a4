//! What monitoring reads: the calls below `/api/monitoring` with the fields of SAP Cloud Connector,
//! and our own below `/api/v1/monitoring`, which say more.

mod alerts;
mod certificates;
mod connections;
mod host;
mod performance;
mod requests;
mod subaccounts;
mod top;
mod usage;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use alerts::{MonitoredAlert, MonitoredAlerts};
pub use certificates::{
    CertificatesByEnd, MonitoredCertificate, MonitoredCertificateType, near_ms,
};
pub use connections::{
    BackendConnection, BackendConnectionList, BackendConnections, ChannelConnection,
    ChannelConnectionList, ChannelConnections, ChannelTypeShown,
};
pub use host::{Cpu, Disk, HeapKb, Memory, MemoryKb};
pub use performance::{
    BackendPerformance, BackendPerformanceList, Bucket, DurationsOfMapping, PerformanceShown,
    Performances,
};
pub use requests::{
    InvalidOutcome, RequestOutcome, RequestPage, RequestSearch, RequestShown, SplitShown,
};
pub use subaccounts::{MonitoredSubaccount, MonitoredSubaccounts};
pub use top::{TopShown, TopTimeConsumer, TopTimeConsumerList, TopTimeConsumers};
pub use usage::{
    ChannelUsage, MappingUsage, MappingUsageShown, ResourceUsage, ResourceUsageShown, UsageLists,
    Usages, UsagesShown,
};

use crate::config::SubaccountKey;
use crate::id::{LocationId, RegionHost, SubaccountId};

/// The version of the calls below `/api/monitoring`, which their answers name.
pub const MONITORING_VERSION: u32 = 1;

/// Something that is told of each subaccount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}BySubaccount")]
pub struct BySubaccount<T> {
    /// The subaccounts.
    pub subaccounts: Vec<OfSubaccount<T>>,
    /// The version of the call.
    pub version: u32,
}

/// Something that is told of one subaccount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}OfSubaccount")]
pub struct OfSubaccount<T> {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    #[serde(rename = "locationID")]
    pub location_id: LocationId,
    /// What is told.
    #[serde(flatten)]
    pub told: T,
}

impl<T> BySubaccount<T> {
    /// What is told of some subaccounts.
    pub fn of(told: impl IntoIterator<Item = (SubaccountKey, T)>) -> Self {
        let told = told.into_iter();
        Self {
            subaccounts: told
                .map(|(key, told)| OfSubaccount::of(key, told))
                .collect(),
            version: MONITORING_VERSION,
        }
    }
}

impl<T> OfSubaccount<T> {
    /// What is told of one subaccount.
    pub fn of(key: SubaccountKey, told: T) -> Self {
        Self {
            region_host: key.region_host,
            subaccount: key.subaccount,
            location_id: key.location_id,
            told,
        }
    }

    /// Of which one.
    pub fn key(&self) -> SubaccountKey {
        SubaccountKey {
            region_host: self.region_host.clone(),
            subaccount: self.subaccount,
            location_id: self.location_id.clone(),
        }
    }
}

/// Whole milliseconds of a duration in µs, rounded.
pub(crate) const fn whole_ms(us: u64) -> u64 {
    us.saturating_add(500) / 1_000
}
