//! The only place that reads the time.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use underpass_shared::instant::Now;

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

/// Both at once.
pub fn now() -> Now {
    Now {
        monotonic: monotonic(),
        wall_ms: wall_ms(),
    }
}

/// A time as text (RFC 3339), to the millisecond; beyond the year 9999 its milliseconds.
pub fn rfc3339(ms: i64) -> String {
    let nanos = i128::from(ms) * 1_000_000;
    let Ok(time) = OffsetDateTime::from_unix_timestamp_nanos(nanos) else {
        return format!("{ms} ms");
    };
    let (date, clock) = (time.date(), time.time());
    format!(
        "{date}T{:02}:{:02}:{:02}.{:03}Z",
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_to_the_millisecond() {
        assert_eq!(rfc3339(1_700_000_000_999), "2023-11-14T22:13:20.999Z");
        assert_eq!(rfc3339(i64::MAX), format!("{} ms", i64::MAX));
    }
}
