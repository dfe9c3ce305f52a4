//! The log of a made-up agent: a line every few seconds, which follow from the time.

use std::ops::Range;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::sleep;
use underpass_shared::api::management::{
    LineLevel, LogEvent, LogLine, LogPage, LogsShown, Refusal,
};
use underpass_shared::config::{ConnectorFields, Document, LogLevel, LogSettings};

use super::Clock;
use super::agent::DemoAgent;
use super::random::Dice;
use crate::api::{Call, Heard, Lines};

/// Lines of a page where the caller names no number.
const PAGE_LEN: usize = 200;
/// Lines that are kept.
const KEPT: u64 = 600;
/// A line is written so often.
const EVERY_MS: i64 = 4_000;
/// How often it is looked for new lines.
const LOOK_EVERY: Duration = Duration::from_secs(1);

type Said = (
    LineLevel,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// What is written, the usual more often.
const LINES: [Said; 9] = [
    (
        LineLevel::Info,
        "underpass_agent::forward",
        "request done",
        &[("host", "s4h-prd"), ("status", "200"), ("millis", "38")],
    ),
    (
        LineLevel::Info,
        "underpass_agent::forward",
        "request done",
        &[("host", "bw-prd"), ("status", "200"), ("millis", "112")],
    ),
    (
        LineLevel::Debug,
        "underpass_agent::forward::pool",
        "a connection is used again",
        &[("host", "s4h-app01.corp.example"), ("port", "44300")],
    ),
    (
        LineLevel::Info,
        "underpass_agent::forward",
        "request denied",
        &[
            ("host", "hr-legacy"),
            ("method", "GET"),
            ("reason", "resource is not accessible"),
        ],
    ),
    (
        LineLevel::Debug,
        "underpass_agent::tunnel",
        "the gateway answers",
        &[("millis", "14")],
    ),
    (
        LineLevel::Info,
        "underpass_agent::renewal",
        "the certificate is good for long",
        &[("daysLeft", "70")],
    ),
    (
        LineLevel::Warn,
        "underpass_agent::forward",
        "a back end answers slowly",
        &[("host", "ecc-prd"), ("millis", "4210")],
    ),
    (
        LineLevel::Info,
        "underpass_agent::management",
        "an operator connected",
        &[("operator", "a.lindgren")],
    ),
    (
        LineLevel::Error,
        "underpass_agent::forward",
        "the back end refused the connection",
        &[("host", "mes.plant.example"), ("port", "9443")],
    ),
];

fn line(seed: u64, number: u64) -> LogLine {
    let mut dice = Dice::new(seed ^ number.wrapping_mul(0x9E37_79B9));
    // Three dice fall low more often than high, and so errors are rare.
    let at = dice.below(9).min(dice.below(9)).min(dice.below(9));
    let (level, target, message, fields) = LINES[usize::try_from(at).unwrap_or(0)];
    let fields = fields.iter();
    LogLine {
        number,
        time_ms: i64::try_from(number).unwrap_or(0) * EVERY_MS + i64::from(dice.below(3_000)),
        level,
        target: target.to_owned(),
        message: message.to_owned(),
        fields: fields
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// The lines that are kept at a time.
fn kept(now_ms: i64) -> Range<u64> {
    let next = u64::try_from(now_ms / EVERY_MS).unwrap_or(0);
    next.saturating_sub(KEPT)..next
}

/// Lines behind one that is known, the oldest first.
pub(super) fn after(seed: u64, now_ms: i64, known: Option<u64>) -> Vec<LogLine> {
    let kept = kept(now_ms);
    let first = known.map_or(kept.start, |known| kept.start.max(known + 1));
    (first..kept.end).map(|number| line(seed, number)).collect()
}

/// The lines as they are written from now on, or from behind one that is known.
pub(super) fn follow(seed: u64, clock: Clock, known: Option<u64>) -> Lines {
    let known = known.or_else(|| kept(clock()).end.checked_sub(1));
    let written = stream::unfold((clock, known), move |(clock, known)| async move {
        sleep(LOOK_EVERY).await;
        let lines = after(seed, clock(), known);
        let known = lines.last().map(|line| line.number).or(known);
        let heard = lines.into_iter().map(|line| {
            Ok(Heard {
                id: Some(line.number),
                message: Some(LogEvent::Line(line)),
            })
        });
        Some((stream::iter(heard), (clock, known)))
    });
    written.flatten().boxed()
}

/// The newest lines that are looked for.
pub(super) fn page(agent: &DemoAgent, call: &Call) -> LogPage {
    let search = call.query.log_search();
    let limit = call.query.limit.unwrap_or(PAGE_LEN);
    let mut found = kept(agent.now_ms())
        .rev()
        .map(|number| line(agent.seed, number))
        .filter(|line| search.finds(line));
    let lines: Vec<LogLine> = found.by_ref().take(limit).collect();
    let before = lines
        .last()
        .map(|line| line.number)
        .filter(|_| found.next().is_some());
    LogPage { lines, before }
}

/// What is logged.
pub(super) fn levels(settings: &LogSettings) -> LogsShown {
    LogsShown {
        scc_log_level: settings.scc_log_level.unwrap_or(LogLevel::Info),
        other_log_level: settings.other_log_level.unwrap_or(LogLevel::Warn),
        levels: settings.levels.clone(),
        tls_trace: settings.tls_trace,
        is_tls_trace_active: false,
        cpic_trace_level: settings.cpic_trace_level.get(),
        cleanup: settings.cleanup.get(),
        rollover_threshold: settings.rollover_threshold.to_string(),
        log_and_trace_path: "standard error".to_owned(),
        without_effect: vec![],
    }
}

/// Other levels.
pub(super) fn set(document: &Document, body: &[u8]) -> Result<(Document, String), Refusal> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Levels {
        scc_log_level: Option<LogLevel>,
        other_log_level: Option<LogLevel>,
    }
    let input: Levels = underpass_shared::api::management::read(body)?;
    let mut fields: ConnectorFields = (***document.connector()).clone().into();
    let settings = &mut fields.log_and_trace;
    settings.scc_log_level = input.scc_log_level.or(settings.scc_log_level);
    settings.other_log_level = input.other_log_level.or(settings.other_log_level);
    let document = document.with_connector(fields.try_into()?)?;
    Ok((document, "changed the levels of the log".to_owned()))
}
