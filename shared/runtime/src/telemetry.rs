//! Logs on standard error, for people or as JSON, and the newest lines in memory.

mod files;
mod recent;

use std::error::Error;
use std::io::IsTerminal as _;

use thiserror::Error;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt, reload};
use underpass_shared::config::{LogLevel, ModuleLevels};

pub use self::files::{FILES_MAX, FileError, FileLimits, LogFiles};
pub use self::recent::{Later, Recent};

/// Form of the log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// How the names of our own crates begin.
const OWN: &str = "underpass";

/// Whose records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Of our own crates.
    Own,
    /// Of the libraries.
    Others,
}

/// Which records are logged; changed while the process runs. Clones are the same.
#[derive(Clone, Debug)]
pub struct Levels {
    start: Targets,
    present: reload::Handle<Targets, Registry>,
}

impl Levels {
    /// Sets levels; None is what the process was started with. Those of single modules come before
    /// all others.
    pub fn set(&self, own: Option<LogLevel>, others: Option<LogLevel>, modules: &ModuleLevels) {
        let targets = targets(&self.start, own, others, modules);
        if let Err(error) = self.present.reload(targets) {
            tracing::warn!(%error, "the levels of the log were not changed");
        }
    }

    /// Takes another filter, of the form that [`start`] takes; None is what the process was started
    /// with.
    ///
    /// # Errors
    /// When it does not parse or cannot be taken; what was logged is logged on.
    pub fn replace(&self, filter: Option<&str>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let targets = match filter {
            Some(filter) => parse(filter)?,
            None => self.start.clone(),
        };
        Ok(self.present.reload(targets)?)
    }

    /// The level that the process was started with.
    pub fn at_start(&self, part: Part) -> LogLevel {
        let target = match part {
            Part::Own => "underpass_agent",
            Part::Others => "",
        };
        let levels = [
            (Level::TRACE, LogLevel::Trace),
            (Level::DEBUG, LogLevel::Debug),
            (Level::INFO, LogLevel::Info),
            (Level::WARN, LogLevel::Warn),
            (Level::ERROR, LogLevel::Error),
        ];
        let mut logged = levels
            .into_iter()
            .filter(|(level, _)| self.start.would_enable(target, level));
        logged.next().map_or(LogLevel::Off, |(_, level)| level)
    }
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace | LogLevel::All => LevelFilter::TRACE,
    }
}

/// What was logged at the start, with other levels for our own crates or for the libraries.
fn targets(
    start: &Targets,
    own: Option<LogLevel>,
    others: Option<LogLevel>,
    modules: &ModuleLevels,
) -> Targets {
    let default = start.default_level().unwrap_or(LevelFilter::OFF);
    let targets = Targets::new()
        .with_default(others.map_or(default, filter))
        .with_target(OWN, own.map_or(default, filter));
    let stays = |target: &str| match target.starts_with(OWN) {
        true => own.is_none(),
        false => others.is_none(),
    };
    let modules = modules.iter();
    let modules = modules.map(|(name, level)| (name.as_str().to_owned(), filter(level)));
    targets
        .with_targets(start.iter().filter(|(target, _)| stays(target)))
        .with_targets(modules)
}

/// Whether [`start`] takes a filter.
///
/// # Errors
/// What is wrong with it.
pub fn check(filter: &str) -> Result<(), FilterError> {
    parse(filter).map(drop)
}

/// Why a filter is not taken.
#[derive(Debug, Error)]
pub enum FilterError {
    /// A word alone that is no level; the library would take it for a module, and log nothing else.
    #[error(
        "{0:?} is no level (off, error, warn, info, debug, trace); a module needs one, such as h2=debug"
    )]
    Level(String),
    /// Something else.
    #[error(transparent)]
    Form(#[from] ParseError),
}

fn parse(filter: &str) -> Result<Targets, FilterError> {
    let mut words = filter.split(',').filter(|word| !word.contains('='));
    match words.find(|word| word.parse::<LevelFilter>().is_err()) {
        Some(word) => Err(FilterError::Level(word.to_owned())),
        None => Ok(filter.parse()?),
    }
}

/// Starts logging for the process. `filter` is a level, or levels by module such as `info,h2=warn`.
/// What is logged is kept in `recent` too, where it is given.
///
/// # Errors
/// When the filter does not parse or logging was started before.
pub fn start(
    filter: &str,
    format: Format,
    recent: Option<Recent>,
) -> Result<Levels, Box<dyn Error + Send + Sync>> {
    // The richer `EnvFilter` brings regular expressions along, half a megabyte of resident code.
    let targets = parse(filter)?;
    let (layer, present) = reload::Layer::new(targets.clone());
    let registry = tracing_subscriber::registry().with(layer).with(recent);
    let layer = fmt::layer().with_writer(std::io::stderr);
    match format {
        Format::Human => {
            let ansi = std::io::stderr().is_terminal();
            registry.with(layer.with_ansi(ansi)).try_init()?;
        }
        Format::Json => registry.with(layer.json()).try_init()?,
    }
    // The default hook would write lines of another form.
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str();
        let place = panic.location().map(ToString::to_string);
        tracing::error!(panic = text, place, "panicked");
    }));
    Ok(Levels {
        start: targets,
        present,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_none_is_not_taken_for_a_module() {
        for filter in [
            "info",
            "WARN",
            "off",
            "info,h2=debug",
            "h2=off",
            "underpass_agent::tunnel=trace,warn",
        ] {
            assert!(check(filter).is_ok(), "{filter}");
        }
        for (filter, word) in [("inof", "inof"), ("info,h2", "h2")] {
            let refused = check(filter).unwrap_err().to_string();
            assert!(
                refused.starts_with(&format!("{word:?} is no level")),
                "{refused}"
            );
        }
        assert!(check("h2=loud").is_err());
    }

    #[test]
    fn what_is_not_set_stays_as_it_was_at_the_start() {
        let start: Targets = "info,underpass_agent::tunnel=debug,h2=warn"
            .parse()
            .unwrap();
        let logged = |own, others| {
            let targets = targets(&start, own, others, &ModuleLevels::default());
            move |target: &str, level| targets.would_enable(target, &level)
        };
        let same = logged(None, None);
        assert!(same("underpass_agent", Level::INFO) && !same("underpass_agent", Level::DEBUG));
        assert!(same("underpass_agent::tunnel", Level::DEBUG));
        assert!(same("hyper", Level::INFO) && !same("h2", Level::INFO));
        let own = logged(Some(LogLevel::Error), None);
        assert!(!own("underpass_agent::tunnel", Level::WARN));
        assert!(own("underpass_runtime", Level::ERROR));
        assert!(own("hyper", Level::INFO) && !own("h2", Level::INFO));
        let others = logged(None, Some(LogLevel::All));
        assert!(others("h2", Level::TRACE) && others("hyper", Level::TRACE));
        assert!(others("underpass_agent", Level::INFO));
        assert!(!others("underpass_agent", Level::DEBUG));
        assert!(others("underpass_agent::tunnel", Level::DEBUG));
        let none = logged(Some(LogLevel::Off), Some(LogLevel::Off));
        assert!(!none("underpass_agent", Level::ERROR) && !none("h2", Level::ERROR));
        let modules = r#"{"underpass_agent::forward": "DEBUG", "h2": "TRACE"}"#;
        let modules = serde_json::from_str(modules).unwrap();
        let targets = targets(&start, Some(LogLevel::Error), None, &modules);
        let single = |target: &str, level| targets.would_enable(target, &level);
        assert!(single("underpass_agent::forward::dial", Level::DEBUG));
        assert!(!single("underpass_agent::forward", Level::TRACE));
        assert!(!single("underpass_agent::tunnel", Level::WARN) && single("h2", Level::TRACE));
    }
}
