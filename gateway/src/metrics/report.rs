//! Everything that is counted, as one text.

mod agents;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use underpass_shared::exposition::{Exposition, Kind};
use underpass_shared::id::SubaccountId;

use super::histogram::Durations;
use super::label::{Label as _, RequestOutcome};
use super::process::Host;
use super::text::{Text, seconds};
use super::{Metrics, Traffic};
use crate::directory::Directory;
use crate::tunnels::Registry;

/// What is not told apart any more because there is too much of it.
const OTHER: &str = "other";

/// What the report is made of.
#[derive(Clone, Debug)]
pub struct Report {
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The tunnels that are up.
    pub registry: Registry,
    /// Subaccounts and agents.
    pub directory: Directory,
    /// The process and its disk.
    pub host: Host,
}

impl Report {
    /// The media type of [`Report::text`].
    pub const CONTENT_TYPE: &'static str = Exposition::CONTENT_TYPE;

    /// All metrics as of now. `state_up` tells whether the state store answers.
    pub fn text(&self, state_up: bool) -> String {
        let mut text = Text::new();
        let version = concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"");
        text.family(
            Kind::Gauge,
            "build_info",
            "Constant 1; the labels tell the build.",
            [(version, 1)],
        );
        self.process(&mut text);
        text.gauge(
            "state_up",
            "Whether the state store answers.",
            u8::from(state_up),
        );
        self.certificates(&mut text);
        self.requests(&mut text);
        self.consumers(&mut text);
        self.subaccounts(&mut text);
        self.agents(&mut text);
        self.alerts(&mut text);
        text.finish()
    }

    fn process(&self, text: &mut Text) {
        let process = self.host.process().unwrap_or_default();
        text.gauge(
            "process_start_time_seconds",
            "Since when the process runs.",
            process.started_s,
        );
        text.counter(
            "process_cpu_seconds_total",
            "Time of processors that the process took.",
            seconds(process.cpu),
        );
        text.gauge(
            "process_resident_memory_bytes",
            "Memory that the process holds.",
            process.resident,
        );
        let files = [
            (r#"kind="open""#, process.open_files),
            (r#"kind="limit""#, process.open_files_max),
        ];
        text.family(
            Kind::Gauge,
            "process_files",
            "Files and sockets of the process: those that are open, and how many may be.",
            files.map(|(kind, count)| (kind, count.unwrap_or(0))),
        );
        text.gauge(
            "data_dir_free_bytes",
            "What may still be written below the data directory.",
            self.host.free_bytes().unwrap_or(0),
        );
    }

    fn certificates(&self, text: &mut Text) {
        let ends = &self.metrics.certificates;
        let seconds = |end: &std::sync::atomic::AtomicI64| end.load(Ordering::Relaxed) / 1_000;
        text.family(
            Kind::Gauge,
            "certificate_not_after_timestamp_seconds",
            "When certificates end; each is renewed long before, but for given ones.",
            [
                ("certificate=\"ca\"", seconds(&ends.ca_ms)),
                ("certificate=\"server\"", seconds(&ends.server_ms)),
                ("certificate=\"token\"", seconds(&ends.token_ms)),
            ],
        );
    }

    fn alerts(&self, text: &mut Text) {
        let alerts = &self.metrics.alerts;
        text.family(
            Kind::Gauge,
            "alerts",
            "Alerts that stand.",
            [
                (r#"severity="error""#, alerts.errors.load(Ordering::Relaxed)),
                (
                    r#"severity="warning""#,
                    alerts.warnings.load(Ordering::Relaxed),
                ),
            ],
        );
    }

    fn requests(&self, text: &mut Text) {
        let metrics = &self.metrics;
        text.counters(
            "requests_total",
            "Requests of consumers by what became of them.",
            |label| metrics.sum(|thread| thread.requests.get(label)),
        );
        text.gauge(
            "requests_waiting",
            "Requests whose answer has not begun.",
            metrics.sum(|thread| {
                u64::try_from(thread.waiting.load(Ordering::Relaxed)).unwrap_or(u64::MAX)
            }),
        );
        let threads = || metrics.threads.iter();
        text.histogram(
            "request_duration_seconds",
            "Time from a request's head until the head of its agent's answer.",
            &Durations::sum(threads().map(|thread| &thread.answered)),
        );
        text.histogram(
            "request_inside_duration_seconds",
            "Time that requests were inside the gateway before they were sent on a tunnel.",
            &Durations::sum(threads().map(|thread| &thread.inside)),
        );
        text.counters(
            "token_checks_total",
            "Tokens of requests by what they were found to be.",
            |label| metrics.sum(|thread| thread.tokens.get(label)),
        );
    }

    fn consumers(&self, text: &mut Text) {
        let metrics = &self.metrics;
        let sum = |of: fn(&Traffic) -> u64| metrics.sum(of);
        text.gauge(
            "consumer_connections",
            "Connections of consumers.",
            sum(|thread| u64::try_from(thread.consumers()).unwrap_or(u64::MAX)),
        );
        text.counter(
            "consumer_connections_accepted_total",
            "Connections of consumers that were accepted.",
            sum(|thread| thread.accepted.load(Ordering::Relaxed)),
        );
        text.counter(
            "consumer_connections_refused_total",
            "Connections of consumers that were closed at once because their network is not allowed.",
            metrics.consumers_refused.load(Ordering::Relaxed),
        );
        text.counter(
            "consumer_received_bytes_total",
            "Bytes from consumers, heads of requests included.",
            sum(|thread| thread.received.load(Ordering::Relaxed)),
        );
        text.counter(
            "consumer_sent_bytes_total",
            "Bytes to consumers, heads of answers included.",
            sum(|thread| thread.sent.load(Ordering::Relaxed)),
        );
        text.counters(
            "token_requests_total",
            "Requests to the token endpoint.",
            |label| metrics.tokens.get(label),
        );
    }

    fn subaccounts(&self, text: &mut Text) {
        let index = self.directory.index();
        let subaccounts = &self.metrics.subaccounts;
        subaccounts.keep(|id| index.subaccount(id).is_some());
        let used = subaccounts.used();
        let requests = used.iter().flat_map(|(id, used)| {
            RequestOutcome::ALL
                .iter()
                .filter(|outcome| outcome.has_subaccount())
                .map(|outcome| {
                    let labels = format!("{},{}", subaccount(*id), outcome.text());
                    (labels, used.requests(*outcome))
                })
        });
        text.family(
            Kind::Counter,
            "subaccount_requests_total",
            "Requests with a good token by subaccount and what became of them.",
            requests,
        );
        text.family(
            Kind::Counter,
            "subaccount_received_bytes_total",
            "Bytes from consumers of a subaccount, heads of requests included.",
            used.iter()
                .map(|(id, used)| (subaccount(*id), used.received)),
        );
        text.family(
            Kind::Counter,
            "subaccount_sent_bytes_total",
            "Bytes to consumers of a subaccount, heads of answers included.",
            used.iter().map(|(id, used)| (subaccount(*id), used.sent)),
        );
    }
}

fn subaccount(id: Option<SubaccountId>) -> String {
    match id {
        Some(id) => format!("subaccount=\"{id}\""),
        None => format!("subaccount=\"{OTHER}\""),
    }
}
