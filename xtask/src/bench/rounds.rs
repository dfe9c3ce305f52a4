//! The rounds: every kind of traffic, direct and through Underpass, one after the other.

use std::time::Duration;

use super::bulk::{self, Direction};
use super::client::{Client, Way};
use super::load::{self, Load};
use super::nginx::BULK_BYTES;
use super::process::{cpu_seconds, pss_mib};
use crate::clock::Stopwatch;
use crate::output;
use crate::stack::Stack;
use crate::stop::Stop;

/// Transfers of one bulk measurement; the time of a single one depends much on what the system does
/// with memory just then.
const TRANSFERS: u8 = 3;
/// Lets the processes come to rest before something else is measured.
const PAUSE: Duration = Duration::from_millis(300);
/// Reading the memory of a process costs it time too.
const MEMORY_EVERY: Duration = Duration::from_millis(500);
/// After start-up, before idle memory is read.
const SETTLE: Duration = Duration::from_secs(2);

/// A kind of traffic, with the least that is expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    KeepAlive64,
    /// Answers whose body follows its head in a packet of its own, as servers send them that write
    /// twice (nginx does without `tcp_nopush`). A relay that leaves Nagle's algorithm on then holds
    /// the body back until the head is acknowledged, which the other end delays by 40 ms. Where
    /// head and body leave together, as Debian sets nginx up, nobody waits: the slowest requests
    /// are compared on this kind.
    TwoSegments,
    KeepAlive512,
    NewConnections,
    BulkDown,
    BulkUp,
}

/// The slowest requests take at most this part of what they take through rathole.
const P99_TO_RATHOLE: f64 = 0.33;

impl Kind {
    pub(super) const ALL: [Self; 6] = [
        Self::KeepAlive64,
        Self::TwoSegments,
        Self::KeepAlive512,
        Self::NewConnections,
        Self::BulkDown,
        Self::BulkUp,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::KeepAlive64 => "keep-alive, 64 connections",
            Self::TwoSegments => "the same, head and body apart",
            Self::KeepAlive512 => "keep-alive, 512 connections",
            Self::NewConnections => "new connection per request, 16 clients",
            Self::BulkDown => "bulk down, 512 MiB",
            Self::BulkUp => "bulk up, 512 MiB",
        }
    }

    pub(super) const fn is_bulk(self) -> bool {
        match self {
            Self::KeepAlive64 | Self::TwoSegments | Self::KeepAlive512 | Self::NewConnections => {
                false
            }
            Self::BulkDown | Self::BulkUp => true,
        }
    }

    /// The bars on two cores: least ratio to direct, most CPU seconds per unit.
    pub(super) const fn bars(self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::KeepAlive64 => (Some(0.30), Some(3.0)),
            Self::TwoSegments | Self::KeepAlive512 => (None, None),
            Self::NewConnections => (Some(0.40), None),
            Self::BulkDown | Self::BulkUp => (Some(0.45), Some(1.7)),
        }
    }

    /// Whether rathole is measured too.
    const fn is_compared(self) -> bool {
        match self {
            Self::KeepAlive64 | Self::TwoSegments => true,
            Self::KeepAlive512 | Self::NewConnections | Self::BulkDown | Self::BulkUp => false,
        }
    }

    /// The bar of the slowest requests, as the part of what they take through rathole.
    pub(super) const fn p99_bar(self) -> Option<f64> {
        match self {
            Self::TwoSegments => Some(P99_TO_RATHOLE),
            Self::KeepAlive64
            | Self::KeepAlive512
            | Self::NewConnections
            | Self::BulkDown
            | Self::BulkUp => None,
        }
    }
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Requests or GiB per second.
    pub(super) rate: f64,
    /// CPU seconds of gateway and agent, or of the peer, per 100,000 requests or per GiB.
    pub(super) cpu: f64,
    pub(super) p50_micros: Option<f64>,
    pub(super) p99_micros: Option<f64>,
    pub(super) errors: f64,
}

/// All samples of one kind, direct and through Underpass, in the order of the rounds.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) kind: Kind,
    pub(super) direct: Vec<Sample>,
    pub(super) underpass: Vec<Sample>,
    /// Of the peer that is compared, where it is.
    pub(super) rathole: Vec<Sample>,
}

/// PSS of gateway and agent in MiB.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    pub(super) gateway: f64,
    pub(super) agent: f64,
}

impl Memory {
    fn read(pids: [u32; 2]) -> anyhow::Result<Self> {
        Ok(Self {
            gateway: pss_mib(pids[0])?,
            agent: pss_mib(pids[1])?,
        })
    }

    fn max(self, other: Self) -> Self {
        Self {
            gateway: self.gateway.max(other.gateway),
            agent: self.agent.max(other.agent),
        }
    }
}

#[derive(Debug)]
pub(super) struct Results {
    pub(super) rounds: usize,
    pub(super) series: Vec<Series>,
    pub(super) idle: Memory,
    /// The most during the run with 512 connections.
    pub(super) busy: Memory,
    /// After the last round, at rest.
    pub(super) after: Memory,
}

/// What is to be measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounds {
    pub(super) rounds: usize,
    pub(super) quick: bool,
    /// The processes of rathole, where it runs.
    pub(super) rathole: Option<[u32; 2]>,
}

pub(super) fn run(
    plan: Rounds,
    client: &Client,
    stack: &mut Stack,
    stop: &Stop,
) -> anyhow::Result<Results> {
    let pids = [
        stack.gateway.pid,
        stack.agents.first().map_or(0, |agent| agent.pid),
    ];
    stop.sleep(SETTLE)?;
    let idle = Memory::read(pids)?;
    let mut busy = idle;
    let mut series: Vec<Series> = Kind::ALL
        .iter()
        .map(|&kind| Series {
            kind,
            direct: Vec::new(),
            underpass: Vec::new(),
            rathole: Vec::new(),
        })
        .collect();
    let time = Duration::from_secs(if plan.quick { 2 } else { 4 });
    for round in 1..=plan.rounds {
        output::progress(format_args!("round {round} of {}", plan.rounds));
        for one in &mut series {
            let probe = Probe {
                client,
                pids,
                rathole: plan.rathole,
                time,
                stop,
            };
            one.direct
                .push(probe.measure(one.kind, Way::Direct, &mut busy)?);
            one.underpass
                .push(probe.measure(one.kind, Way::Underpass, &mut busy)?);
            if plan.rathole.is_some() && one.kind.is_compared() {
                one.rathole
                    .push(probe.measure(one.kind, Way::Rathole, &mut busy)?);
            }
            stack.check()?;
        }
    }
    stop.sleep(SETTLE)?;
    Ok(Results {
        rounds: plan.rounds,
        series,
        idle,
        busy,
        after: Memory::read(pids)?,
    })
}

struct Probe<'a> {
    client: &'a Client,
    pids: [u32; 2],
    rathole: Option<[u32; 2]>,
    time: Duration,
    stop: &'a Stop,
}

impl Probe<'_> {
    fn measure(&self, kind: Kind, way: Way, busy: &mut Memory) -> anyhow::Result<Sample> {
        self.stop.sleep(PAUSE)?;
        let load = |connections, path, close| Load {
            connections,
            path,
            close,
            time: self.time,
        };
        match kind {
            Kind::KeepAlive64 => self.requests(load(64, "/hello", false), way, |_| Ok(())),
            Kind::TwoSegments => self.requests(load(64, "/split", false), way, |_| Ok(())),
            Kind::KeepAlive512 => self.requests(load(512, "/hello", false), way, |pids| {
                *busy = busy.max(Memory::read(pids)?);
                Ok(())
            }),
            Kind::NewConnections => self.requests(load(16, "/hello", true), way, |_| Ok(())),
            Kind::BulkDown => self.bulk(Direction::Down, way),
            Kind::BulkUp => self.bulk(Direction::Up, way),
        }
    }

    fn requests(
        &self,
        load: Load,
        way: Way,
        mut look: impl FnMut([u32; 2]) -> anyhow::Result<()>,
    ) -> anyhow::Result<Sample> {
        let pids = match way {
            Way::Direct | Way::Underpass => self.pids,
            Way::Rathole => self.rathole.unwrap_or_default(),
        };
        let before = cpu_seconds(&pids)?;
        let mut last = Stopwatch::start();
        let seen = load::run(load, way, self.client, self.stop, || {
            if way == Way::Underpass && last.elapsed() > MEMORY_EVERY {
                look(self.pids)?;
                last = Stopwatch::start();
            }
            Ok(())
        })?;
        let cpu = cpu_seconds(&pids)? - before;
        Ok(Sample {
            rate: seen.requests / (seen.micros / 1e6),
            cpu: cpu * 100_000.0 / seen.requests.max(1.0),
            p50_micros: Some(seen.p50),
            p99_micros: Some(seen.p99),
            errors: seen.errors,
        })
    }

    fn bulk(&self, direction: Direction, way: Way) -> anyhow::Result<Sample> {
        const GIB: f64 = 1_073_741_824.0;
        let gib = u32::try_from(BULK_BYTES).map(f64::from)? / GIB * f64::from(TRANSFERS);
        let (mut seconds, mut errors) = (0.0, 0.0);
        let before = cpu_seconds(&self.pids)?;
        for _ in 0..TRANSFERS {
            let moved = bulk::run(direction, way, self.client, self.stop)?;
            seconds += moved.seconds;
            errors += if moved.complete { 0.0 } else { 1.0 };
        }
        let cpu = cpu_seconds(&self.pids)? - before;
        Ok(Sample {
            rate: if errors > 0.0 { 0.0 } else { gib / seconds },
            cpu: cpu / gib,
            p50_micros: None,
            p99_micros: None,
            errors,
        })
    }
}
