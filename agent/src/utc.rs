//! Times for people.

/// A time, to the second.
pub fn utc(ms: i64) -> String {
    let Ok(time) = time::OffsetDateTime::from_unix_timestamp(ms / 1_000) else {
        return format!("{ms} ms");
    };
    let (date, clock) = (time.date(), time.time());
    format!(
        "{date} {:02}:{:02}:{:02}",
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

/// A time for programs that read texts, to the millisecond, as in RFC 3339.
pub fn rfc3339(ms: i64) -> String {
    let nanoseconds = i128::from(ms) * 1_000_000;
    let time = time::OffsetDateTime::from_unix_timestamp_nanos(nanoseconds);
    let time = time.unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
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
    fn times_are_shown_to_the_second() {
        assert_eq!(utc(1_700_000_000_999), "2023-11-14 22:13:20");
        assert_eq!(utc(i64::MAX), format!("{} ms", i64::MAX));
        assert_eq!(rfc3339(1_700_000_000_999), "2023-11-14T22:13:20.999Z");
        assert_eq!(rfc3339(i64::MAX), "1970-01-01T00:00:00.000Z");
    }
}
