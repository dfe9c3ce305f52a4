//! What is measured: the calls of SAP Cloud Connector, our own beside them, and Prometheus.

use super::super::monitoring::{
    BackendConnections, CertificatesByEnd, ChannelConnections, Cpu, Disk, Memory, MonitoredAlerts,
    MonitoredCertificate, MonitoredSubaccounts, PerformanceShown, Performances, RequestOutcome,
    RequestPage, TopShown, TopTimeConsumers, Usages, UsagesShown,
};
use super::super::{HistoryAnswer, MetricList};
use super::parameters::LIMIT;
use super::{Operation, Parameter};
use crate::audit::Glob;
use crate::exposition::Exposition;
use crate::id::SubaccountId;
use crate::monitor::Metric;
use crate::rights::Access::{Inspect, Read, Subaccounts};

pub(crate) const SUBACCOUNTS: &str = "/api/monitoring/subaccounts";
pub(crate) const BACKEND_CONNECTIONS: &str = "/api/monitoring/connections/backends";
pub(crate) const CHANNEL_CONNECTIONS: &str = "/api/monitoring/connections/serviceChannels";
pub(crate) const BACKEND_PERFORMANCE: &str = "/api/monitoring/performance/backends";
pub(crate) const TOP_TIME_CONSUMERS: &str = "/api/monitoring/performance/topTimeConsumers";
pub(crate) const MEMORY: &str = "/api/monitoring/memory";
pub(crate) const DISK: &str = "/api/monitoring/disk";
pub(crate) const CPU: &str = "/api/monitoring/cpu";
pub(crate) const CERTIFICATES: &str = "/api/monitoring/certificates";
pub(crate) const CERTIFICATES_EXPIRED: &str = "/api/monitoring/certificates/expired";
pub(crate) const CERTIFICATES_EXPIRING: &str = "/api/monitoring/certificates/expiring";
pub(crate) const CERTIFICATES_OK: &str = "/api/monitoring/certificates/ok";
pub(crate) const BACKEND_USAGE: &str = "/api/monitoring/usage";
pub(crate) const ALERTS: &str = "/api/monitoring/alerts";
pub(crate) const REQUESTS: &str = "/api/v1/monitoring/requests";
pub(crate) const TOP: &str = "/api/v1/monitoring/topTimeConsumers";
pub(crate) const PERFORMANCE: &str = "/api/v1/monitoring/performance";
pub(crate) const USAGE: &str = "/api/v1/monitoring/usage";
pub(crate) const METRICS: &str = "/api/v1/monitoring/metrics";
pub(crate) const HISTORY: &str = "/api/v1/monitoring/history";
pub(crate) const EXPOSITION: &str = "/metrics";

const HOST: Parameter = Parameter::of::<Glob>(
    "host",
    "Whose virtual host and port, as host:port, hold this; * and ? stand for other characters.",
);
const PATH: Parameter = Parameter::of::<Glob>(
    "path",
    "Whose path or resource holds this; * and ? stand for other characters.",
);
const OUTCOME: Parameter = Parameter::of::<RequestOutcome>("outcome", "That ended so.");
const SUBACCOUNT: Parameter = Parameter::of::<SubaccountId>("subaccount", "Of this subaccount.");
const MIN_MS: Parameter = Parameter::of::<u64>("minMs", "That took so many milliseconds or more.");
const UNUSED: Parameter = Parameter::of::<bool>("unused", "With true, only what was never used.");

const METRIC: Parameter = Parameter::of::<Metric>(
    "metric",
    "What was measured: a name that /api/v1/monitoring/metrics lists.",
);
const ENTITY: Parameter =
    Parameter::of::<String>("entity", "Of what; the agent and its host without it.");
const FROM: Parameter = Parameter::of::<i64>(
    "from",
    "From when on, milliseconds UTC; an hour before the end without it.",
);
const TO: Parameter = Parameter::of::<i64>("to", "Until when, milliseconds UTC; now without it.");
const STEP: Parameter = Parameter::of::<u32>(
    "step",
    "How long a step is, milliseconds. It is made longer to what is still kept of the time, and for 5,000 steps at most.",
);
const BUCKETS: Parameter = Parameter::of::<bool>(
    "buckets",
    "With true, also how many durations of the whole range were how long.",
);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        SUBACCOUNTS,
        Read,
        "Shows the subaccounts and their tunnels.",
    )
    .gives::<MonitoredSubaccounts>(),
    Operation::get(
        BACKEND_CONNECTIONS,
        Read,
        "Shows the connections to back ends.",
    )
    .gives::<BackendConnections>()
    .conflicts(),
    Operation::get(
        CHANNEL_CONNECTIONS,
        Read,
        "Shows the connections of service channels.",
    )
    .gives::<ChannelConnections>()
    .conflicts(),
    Operation::get(
        BACKEND_PERFORMANCE,
        Read,
        "Shows how many requests took how long, by mapping.",
    )
    .gives::<Performances>()
    .conflicts(),
    Operation::get(
        TOP_TIME_CONSUMERS,
        Read,
        "Shows the longest requests of each subaccount.",
    )
    .gives::<TopTimeConsumers>()
    .conflicts(),
    Operation::get(MEMORY, Read, "Shows how the memory of the host is used.")
        .gives::<Memory>()
        .conflicts(),
    Operation::get(
        DISK,
        Read,
        "Shows how the volume of the data directory is used.",
    )
    .gives::<Disk>()
    .conflicts(),
    Operation::get(CPU, Read, "Shows how the processors of the host are used.")
        .gives::<Cpu>()
        .conflicts(),
    Operation::get(
        CERTIFICATES,
        Read,
        "Shows the certificates whose keys the agent has, by how near their end is.",
    )
    .gives::<CertificatesByEnd>(),
    Operation::get(
        CERTIFICATES_EXPIRED,
        Read,
        "Shows the certificates whose end is past.",
    )
    .gives::<Vec<MonitoredCertificate>>(),
    Operation::get(
        CERTIFICATES_EXPIRING,
        Read,
        "Shows the certificates whose end is near.",
    )
    .gives::<Vec<MonitoredCertificate>>(),
    Operation::get(
        CERTIFICATES_OK,
        Read,
        "Shows the certificates whose end is far.",
    )
    .gives::<Vec<MonitoredCertificate>>(),
    Operation::get(
        BACKEND_USAGE,
        Read,
        "Shows how much mappings, resources and service channels are used.",
    )
    .gives::<Usages>()
    .conflicts(),
    Operation::get(ALERTS, Read, "Shows what is wrong, and what was.")
        .gives::<MonitoredAlerts>()
        .conflicts(),
    // It says who asked for what.
    Operation::get(
        REQUESTS,
        Inspect,
        "Searches the most recent requests, the newest first.",
    )
    .gives::<RequestPage>()
    .options(&[HOST, PATH, OUTCOME, SUBACCOUNT, MIN_MS, LIMIT])
    .conflicts(),
    Operation::delete(REQUESTS, Subaccounts, "Forgets the most recent requests.")
        .acts()
        .conflicts(),
    Operation::get(TOP, Inspect, "Shows the longest requests.")
        .gives::<TopShown>()
        .conflicts(),
    Operation::delete(TOP, Subaccounts, "Forgets the longest requests.")
        .acts()
        .conflicts(),
    Operation::get(
        PERFORMANCE,
        Read,
        "Shows how long requests took, by mapping.",
    )
    .gives::<PerformanceShown>()
    .conflicts(),
    Operation::delete(
        PERFORMANCE,
        Subaccounts,
        "Begins anew to count how long requests take.",
    )
    .acts()
    .conflicts(),
    Operation::get(
        USAGE,
        Read,
        "Shows how much mappings and resources are used.",
    )
    .gives::<UsagesShown>()
    .options(&[UNUSED])
    .conflicts(),
    Operation::get(
        METRICS,
        Read,
        "Lists what is measured, and of what there are figures.",
    )
    .gives::<MetricList>()
    .conflicts(),
    Operation::get(HISTORY, Read, "Shows what was measured, in steps.")
        .gives::<HistoryAnswer>()
        .options(&[METRIC, ENTITY, FROM, TO, STEP, BUCKETS])
        .conflicts(),
    Operation::get(
        EXPOSITION,
        Read,
        "Everything that is counted, for Prometheus.",
    )
    .sends(Exposition::CONTENT_TYPE)
    .conflicts(),
];
