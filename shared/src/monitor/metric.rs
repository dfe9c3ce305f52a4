//! The closed list of what is measured.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::schema::schema;

/// How the points of a metric look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Values that something had: least, mean, greatest.
    Gauge,
    /// Things that happened: sum and highest rate.
    Tally,
    /// Durations: a histogram.
    Durations,
}

/// The unit of a metric's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// A plain number.
    Count,
    /// Bytes.
    Bytes,
    /// A share of 1.
    Ratio,
    /// Seconds; durations are kept as whole µs.
    Seconds,
}

impl Unit {
    /// As it stands in answers and in the names of Prometheus.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Ratio => "ratio",
            Self::Seconds => "seconds",
        }
    }
}

/// A name that no metric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("metric must be one of the names that GET /api/v1/monitoring/metrics lists")]
pub struct InvalidMetric;

/// Declares the metrics: code in the history (never used again for another), name, kind, unit,
/// what it is.
macro_rules! metrics {
    ($($variant:ident = $code:literal $name:literal $kind:ident $unit:ident $text:literal)+) => {
        /// What is measured.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric {
            $(#[doc = $text] $variant,)+
        }

        impl Metric {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its number in the history; never given to another metric.
            pub const fn code(self) -> u16 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Its name in the API.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// How its points look.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// Whether it counts what there is at a time, so that it needs no points while there is
            /// nothing: where the agent measured and it has none, it was 0.
            pub const fn is_left_out_at_zero(self) -> bool {
                matches!(
                    self,
                    Self::TunnelConnections
                        | Self::TunnelStreams
                        | Self::RequestsOpen
                        | Self::BackendActive
                        | Self::BackendIdle
                        | Self::ChannelConnections
                )
            }

            /// The unit of its values.
            pub const fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)+ }
            }

            /// What it is, in a sentence.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

metrics! {
    // Of the host and the process (entity `agent`).
    HostCpu = 1 "host_cpu" Gauge Ratio "Share of all processors of the host in use."
    ProcessCpu = 2 "process_cpu" Gauge Ratio "Share of all processors of the host that the agent uses."
    Load = 3 "load" Gauge Count "Load average of the last minute, where the system has one."
    HostMemory = 4 "host_memory" Gauge Bytes "Memory of the host in use."
    HostMemoryTotal = 5 "host_memory_total" Gauge Bytes "Memory that the host has."
    ProcessMemory = 6 "process_memory" Gauge Bytes "Resident memory of the agent."
    HostSwap = 7 "host_swap" Gauge Bytes "Swap space of the host in use."
    HostSwapTotal = 8 "host_swap_total" Gauge Bytes "Swap space that the host has."
    ProcessVirtual = 9 "process_virtual_memory" Gauge Bytes "Virtual memory of the agent."
    OpenFiles = 10 "open_files" Gauge Count "Open files and sockets of the agent."
    Threads = 11 "threads" Gauge Count "Threads of the agent."
    DataDirSize = 12 "data_directory_size" Gauge Bytes "What the agent keeps on disk."
    QueueAudit = 13 "audit_queue" Gauge Count "Records that wait for the audit log's disk."
    // Of a volume.
    DiskFree = 20 "disk_free" Gauge Bytes "Free space of the volume."
    DiskTotal = 21 "disk_total" Gauge Bytes "Size of the volume."
    // Of a network interface.
    NetworkReceived = 25 "network_received" Tally Bytes "Bytes that the interface received."
    NetworkSent = 26 "network_sent" Tally Bytes "Bytes that the interface sent."
    // Of a tunnel.
    TunnelUp = 30 "tunnel_up" Gauge Ratio "1 while the tunnel is up, else 0."
    TunnelConnections = 31 "tunnel_connections" Gauge Count "Connections of the tunnel that are up."
    TunnelRoundTrip = 32 "tunnel_round_trip" Durations Seconds "Round trips of PING to the gateway."
    TunnelReceived = 33 "tunnel_received" Tally Bytes "Bytes of bodies from the gateway."
    TunnelSent = 34 "tunnel_sent" Tally Bytes "Bytes of bodies to the gateway."
    TunnelStreams = 35 "tunnel_streams" Gauge Count "Requests and streams that are open on the tunnel."
    TunnelReconnects = 36 "tunnel_reconnects" Tally Count "Connections of the tunnel that were opened again."
    // Of a system mapping; entity `agent` has the sums.
    Requests = 40 "requests" Tally Count "Requests that ended, whatever their answer."
    RequestsDenied = 41 "requests_denied" Tally Count "Requests that access control denied."
    RequestsFailed = 42 "requests_failed" Tally Count "Requests that the agent answered with an error because of the back end."
    RequestsAborted = 43 "requests_aborted" Tally Count "Requests that were broken off on either side."
    AnswersServerError = 44 "answers_server_error" Tally Count "Answers of back ends with a status of 500 and more."
    RequestsOpen = 45 "requests_open" Gauge Count "Requests in flight."
    BytesReceived = 46 "bytes_received" Tally Bytes "Bytes of bodies of requests, from the cloud."
    BytesSent = 47 "bytes_sent" Tally Bytes "Bytes of bodies of answers, to the cloud."
    TimeTotal = 48 "time_total" Durations Seconds "From the head of the request to the last byte of the answer."
    TimeGateway = 49 "time_gateway" Durations Seconds "What the gateway took before it sent the request."
    TimeOpen = 50 "time_open" Durations Seconds "Opening a connection to the back end; only requests that had to."
    TimeBackend = 51 "time_backend" Durations Seconds "From the request's last byte to the first of the answer."
    TimePropagation = 52 "time_propagation" Durations Seconds "Making the credentials of principal propagation."
    TimeTunnel = 53 "time_tunnel" Durations Seconds "The tunnel's round trip, as measured when the request ended."
    BackendActive = 54 "backend_connections_active" Gauge Count "Connections to back ends in use."
    BackendIdle = 55 "backend_connections_idle" Gauge Count "Connections to back ends kept for the next request."
    BackendUp = 56 "backend_up" Gauge Ratio "1 when the last probe reached the back end, else 0."
    // Of a service channel.
    ChannelConnections = 60 "channel_connections" Gauge Count "Connections of the service channel."
    ChannelReceived = 61 "channel_received" Tally Bytes "Bytes from the cloud."
    ChannelSent = 62 "channel_sent" Tally Bytes "Bytes to the cloud."
}

impl Metric {
    /// The metric of a code in the history.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.code() == code)
    }
}

schema!(Metric = { "enum": Metric::ALL.iter().map(|one| one.name()).collect::<Vec<_>>() });

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = InvalidMetric;

    fn from_str(text: &str) -> Result<Self, InvalidMetric> {
        let found = Self::ALL.iter().copied().find(|one| one.name() == text);
        found.ok_or(InvalidMetric)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_lead_back() {
        let codes: BTreeSet<u16> = Metric::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(codes.len(), Metric::ALL.len());
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(*metric));
            assert_eq!(Metric::from_code(metric.code()), Some(*metric));
            let durations = metric.kind() == Kind::Durations;
            assert_eq!(durations, metric.unit() == Unit::Seconds, "{metric}");
        }
        assert_eq!("requests ".parse::<Metric>(), Err(InvalidMetric));
    }
}
