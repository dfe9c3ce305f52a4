//! The only place that reads the time.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

static START: LazyLock<Instant> = LazyLock::new(read_instant);

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn read_instant() -> Instant {
    Instant::now()
}

/// Time since the process first asked, never going back.
pub fn monotonic() -> Duration {
    let start = *START;
    read_instant().saturating_duration_since(start)
}

/// Milliseconds since 1970-01-01 UTC by the host's clock.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn wall_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    }
}
