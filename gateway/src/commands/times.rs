//! Times and sizes for people.

/// How long ago something was, in its two largest units.
pub(super) fn lasted(now_ms: i64, since_ms: i64) -> String {
    let s = now_ms.saturating_sub(since_ms).max(0) / 1_000;
    match (s / 86_400, s / 3_600 % 24, s / 60 % 60, s % 60) {
        (0, 0, 0, s) => format!("{s}s"),
        (0, 0, m, s) => format!("{m}m {s}s"),
        (0, h, m, _) => format!("{h}h {m}m"),
        (d, h, ..) => format!("{d}d {h}h"),
    }
}

/// A number of bytes, to three digits.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1_024 {
        return format!("{count} B");
    }
    let mut tenths = u128::from(count) * 10;
    let mut shown = "B";
    for unit in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1_024;
        shown = unit;
    }
    format!("{}.{} {shown}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_two_largest_units() {
        let shown = |s: i64| lasted(s * 1_000, 0);
        assert_eq!([0, 59, 61].map(shown), ["0s", "59s", "1m 1s"]);
        assert_eq!([3_600, 90_000].map(shown), ["1h 0m", "1d 1h"]);
        assert_eq!(lasted(0, 5_000), "0s");
    }

    #[test]
    fn sizes_have_one_decimal() {
        let shown = [0, 1_023, 1_024, 1_536, 1_048_576, u64::MAX].map(bytes);
        assert_eq!(
            shown,
            ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "15.9 EiB"]
        );
    }
}
