//! Logs on standard error, for people or as JSON.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Form of the log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Starts logging for the process. `filter` is a level, or levels by module such as `info,h2=warn`.
///
/// # Errors
/// When the filter does not parse or logging was started before.
pub fn start(
    filter: &str,
    format: Format,
) -> Result<(), Box<dyn std::error::Error + Send + Sync + 'static>> {
    // The richer `EnvFilter` brings regular expressions along, half a megabyte of resident code.
    let targets: Targets = filter.parse()?;
    let registry = tracing_subscriber::registry().with(targets);
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
    Ok(())
}
