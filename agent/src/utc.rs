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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_to_the_second() {
        assert_eq!(utc(1_700_000_000_999), "2023-11-14 22:13:20");
        assert_eq!(utc(i64::MAX), format!("{} ms", i64::MAX));
    }
}
