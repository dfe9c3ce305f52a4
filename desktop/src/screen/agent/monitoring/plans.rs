//! Which plots each section has.

use underpass_shared::alert::Category;
use underpass_shared::config::{Document, SubaccountKey};
use underpass_shared::monitor::{Entity, Metric};

use crate::measured::{Line, Spec};
use crate::theme::State;
use crate::widget::{Hue, Look, Threshold, Unit};

const MEGABYTE: f64 = 1_000_000.0;

/// Requests per second, those that did not go well as layers of it.
fn requests(entity: &Entity) -> Spec {
    let line = |name, metric, hue| {
        Line::new(name, entity.clone(), metric, 0)
            .look(Look::Stack)
            .hue(hue)
    };
    let lines = vec![
        line("All", Metric::Requests, Hue::Series(0)),
        line("Aborted", Metric::RequestsAborted, Hue::Series(5)),
        line("Denied", Metric::RequestsDenied, Hue::Series(2)),
        line("Failed", Metric::RequestsFailed, Hue::Series(4)),
        line("5xx", Metric::AnswersServerError, Hue::Series(3)),
    ];
    Spec::new("Requests", Unit::Rate, lines).alerts(&[Category::Backends, Category::Tunnels])
}

/// Those that did not go well, alone.
fn troubles(entity: &Entity) -> Spec {
    let line = |name, metric, hue| Line::new(name, entity.clone(), metric, 0).hue(hue);
    let lines = vec![
        line("Failed", Metric::RequestsFailed, Hue::Series(4)),
        line("5xx", Metric::AnswersServerError, Hue::Series(3)),
        line("Denied", Metric::RequestsDenied, Hue::Series(2)),
        line("Aborted", Metric::RequestsAborted, Hue::Series(5)),
    ];
    Spec::new("Errors", Unit::Rate, lines).alerts(&[Category::Backends])
}

fn data(entity: &Entity) -> Spec {
    let lines = vec![
        Line::new("To the cloud", entity.clone(), Metric::BytesSent, 1).look(Look::Area),
        Line::new("From the cloud", entity.clone(), Metric::BytesReceived, 2),
    ];
    Spec::new("Data", Unit::ByteRate, lines)
}

fn cpu(document: &Document) -> Spec {
    let limit = document.connector().alerting.thresholds.cpu_load.get();
    let lines = vec![
        Line::new("Host", Entity::Agent, Metric::HostCpu, 1).look(Look::Area),
        Line::new("Agent", Entity::Agent, Metric::ProcessCpu, 2),
    ];
    let threshold = Threshold {
        value: f64::from(limit) / 100.0,
        label: format!("Alert above {limit} %"),
        state: State::Warn,
    };
    Spec::new("Processors", Unit::Share, lines)
        .alerts(&[Category::Cpu])
        .limit(Some(threshold))
}

fn memory() -> Spec {
    let lines = vec![Line::new("Agent", Entity::Agent, Metric::ProcessMemory, 2).look(Look::Area)];
    Spec::new("Memory of the agent", Unit::Bytes, lines).alerts(&[Category::Memory])
}

fn in_flight(entity: &Entity) -> Spec {
    let open = Line::new("Open", entity.clone(), Metric::RequestsOpen, 5).look(Look::Area);
    Spec::new("Requests in flight", Unit::Count, vec![open])
}

/// What the agent does, in six plots.
pub(super) fn overview(document: &Document) -> Vec<Spec> {
    let agent = Entity::Agent;
    vec![
        requests(&agent),
        Spec::percentiles("Duration", &agent, Metric::TimeTotal, 0).alerts(&[Category::Backends]),
        cpu(document),
        memory(),
        data(&agent),
        in_flight(&agent),
    ]
}

/// Where the time of requests goes.
fn parts(entity: &Entity) -> Spec {
    let line = |name, metric, series| Line::new(name, entity.clone(), metric, series);
    let lines = vec![
        line("Back end", Metric::TimeBackend, 0),
        line("Tunnel", Metric::TimeTunnel, 1),
        line("Opening", Metric::TimeOpen, 3),
        line("Identity", Metric::TimePropagation, 2),
        line("Gateway", Metric::TimeGateway, 5),
    ];
    Spec::new("Where the time goes, medians", Unit::Seconds, lines)
}

/// Requests of the agent as a whole.
pub(super) fn requests_section() -> Vec<Spec> {
    let agent = Entity::Agent;
    vec![
        requests(&agent),
        Spec::percentiles("Duration", &agent, Metric::TimeTotal, 0).alerts(&[Category::Backends]),
        troubles(&agent),
        parts(&agent),
    ]
}

/// One back end.
pub(super) fn backend(entity: &Entity) -> Vec<Spec> {
    let connections = vec![
        Line::new("In use", entity.clone(), Metric::BackendActive, 0).look(Look::Area),
        Line::new("Idle", entity.clone(), Metric::BackendIdle, 1),
    ];
    let up = Line::new("Reached", entity.clone(), Metric::BackendUp, 1).look(Look::Area);
    vec![
        requests(entity),
        Spec::percentiles("Time of the back end", entity, Metric::TimeBackend, 0)
            .alerts(&[Category::Backends]),
        Spec::new("Connections to the back end", Unit::Count, connections),
        Spec::new("Probes", Unit::Share, vec![up])
            .alerts(&[Category::Backends])
            .at_least(1.0),
        data(entity),
        Spec::percentiles("Opening a connection", entity, Metric::TimeOpen, 3),
    ]
}

/// The host and the process.
pub(super) fn host(document: &Document, volumes: &[Entity], interfaces: &[Entity]) -> Vec<Spec> {
    let agent = || Entity::Agent;
    let mut all = vec![cpu(document)];
    let memory = vec![
        Line::new("In use", agent(), Metric::HostMemory, 1).look(Look::Area),
        Line::new("Installed", agent(), Metric::HostMemoryTotal, 5),
    ];
    all.push(Spec::new("Memory of the host", Unit::Bytes, memory).alerts(&[Category::Memory]));
    let own = vec![Line::new("Resident", agent(), Metric::ProcessMemory, 2).look(Look::Area)];
    all.push(Spec::new("Memory of the agent", Unit::Bytes, own).alerts(&[Category::Memory]));
    if let Some(volume) = volumes.first() {
        all.push(disk(document, volume));
    }
    if let Some(interface) = interfaces.first() {
        let lines = vec![
            Line::new("Sent", interface.clone(), Metric::NetworkSent, 1).look(Look::Area),
            Line::new("Received", interface.clone(), Metric::NetworkReceived, 2),
        ];
        all.push(Spec::new("Network", Unit::ByteRate, lines));
    }
    let load = Line::new("Last minute", agent(), Metric::Load, 3).look(Look::Area);
    all.push(Spec::new("Load average", Unit::Count, vec![load]));
    let handles = vec![
        Line::new("Open files", agent(), Metric::OpenFiles, 0).look(Look::Area),
        Line::new("Threads", agent(), Metric::Threads, 1),
    ];
    all.push(Spec::new("Files and threads", Unit::Count, handles));
    let swap = Line::new("In use", agent(), Metric::HostSwap, 4).look(Look::Area);
    all.push(Spec::new("Swap space", Unit::Bytes, vec![swap]));
    all
}

fn disk(document: &Document, volume: &Entity) -> Spec {
    let limit = document
        .connector()
        .alerting
        .thresholds
        .free_disk_space_mb
        .get();
    let lines = vec![
        Line::new("Free", volume.clone(), Metric::DiskFree, 1).look(Look::Area),
        Line::new("Size", volume.clone(), Metric::DiskTotal, 5),
    ];
    let threshold = Threshold {
        value: f64::from(limit) * MEGABYTE,
        label: format!("Alert below {limit} MB"),
        state: State::Warn,
    };
    Spec::new("Disk", Unit::Bytes, lines)
        .alerts(&[Category::FreeDiskSpace])
        .limit(Some(threshold))
}

/// One tunnel.
pub(super) fn tunnel(key: &SubaccountKey) -> Vec<Spec> {
    let entity = Entity::Tunnel(key.clone());
    let line = |name, metric, series| Line::new(name, entity.clone(), metric, series);
    let alerts: &'static [Category] = &[Category::Tunnels];
    vec![
        Spec::new(
            "Connections up",
            Unit::Count,
            vec![line("Up", Metric::TunnelConnections, 1).look(Look::Area)],
        )
        .alerts(alerts),
        Spec::percentiles("Round trip", &entity, Metric::TunnelRoundTrip, 0).alerts(alerts),
        Spec::new(
            "Data",
            Unit::ByteRate,
            vec![
                line("To the gateway", Metric::TunnelSent, 1).look(Look::Area),
                line("From the gateway", Metric::TunnelReceived, 2),
            ],
        ),
        Spec::new(
            "Open streams",
            Unit::Count,
            vec![line("Open", Metric::TunnelStreams, 5).look(Look::Area)],
        ),
        Spec::new(
            "Connections opened again",
            Unit::Rate,
            vec![line("Opened again", Metric::TunnelReconnects, 4).look(Look::Area)],
        )
        .alerts(alerts),
    ]
}
