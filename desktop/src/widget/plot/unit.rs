//! Numbers of plots with their units: short on axes, in full beside names.

use crate::text;

/// What the numbers of a plot are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Things in a second.
    Rate,
    /// Bytes.
    Bytes,
    /// Bytes in a second.
    ByteRate,
    /// A share of 1.
    Share,
    /// Seconds.
    Seconds,
}

const BYTES: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

impl Unit {
    /// A value with its unit.
    pub fn tell(self, value: f64) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        match self {
            Self::Count => few(value),
            Self::Rate => format!("{}/s", few(value)),
            Self::Bytes => bytes(value),
            Self::ByteRate => format!("{}/s", bytes(value)),
            Self::Share => format!("{} %", few(value * 100.0)),
            Self::Seconds => seconds(value),
        }
    }

    /// The same for the labels of an axis.
    pub fn short(self, value: f64) -> String {
        match self {
            Self::Count | Self::Rate => match value.abs() {
                large if large >= 1e6 => format!("{}M", few(value / 1e6)),
                large if large >= 1e4 => format!("{}k", few(value / 1e3)),
                _ => few(value),
            },
            Self::ByteRate => bytes(value),
            Self::Bytes | Self::Share | Self::Seconds => self.tell(value),
        }
    }

    /// How often a unit of the axis fits into the next.
    pub(super) const fn base(self) -> f64 {
        match self {
            Self::Bytes | Self::ByteRate => 1_024.0,
            Self::Count | Self::Rate | Self::Share | Self::Seconds => 1_000.0,
        }
    }

    /// Its name in the head of a column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Rate => "per_second",
            Self::Bytes => "bytes",
            Self::ByteRate => "bytes_per_second",
            Self::Share => "ratio",
            Self::Seconds => "seconds",
        }
    }
}

fn bytes(value: f64) -> String {
    let mut value = value;
    let mut unit = 0;
    while value.abs() >= 1_024.0 && unit + 1 < BYTES.len() {
        value /= 1_024.0;
        unit += 1;
    }
    format!("{} {}", few(value), BYTES[unit])
}

fn seconds(value: f64) -> String {
    match value.abs() {
        0.0 => "0 ms".to_owned(),
        tiny if tiny < 0.001 => format!("{} µs", few(value * 1e6)),
        small if small < 1.0 => format!("{} ms", few(value * 1e3)),
        usual if usual < 120.0 => format!("{} s", few(value)),
        long if long < 7_200.0 => format!("{} min", few(value / 60.0)),
        _ => format!("{} h", few(value / 3_600.0)),
    }
}

/// A number in about three digits.
fn few(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 99.95 => 0,
        middle if middle >= 9.995 => 1,
        _ => 2,
    };
    let number = format!("{value:.digits$}");
    let number = if digits == 0 {
        return thousands(&number);
    } else {
        number.trim_end_matches('0').trim_end_matches('.')
    };
    match number {
        "-0" | "" => "0".to_owned(),
        number => number.to_owned(),
    }
}

fn thousands(number: &str) -> String {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    digits.parse().map_or_else(
        |_wide| number.to_owned(),
        |whole| format!("{sign}{}", text::count(whole)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_few_digits_and_their_unit() {
        for (unit, value, told) in [
            (Unit::Count, 0.0, "0"),
            (Unit::Count, 3.456, "3.46"),
            (Unit::Count, 12.0, "12"),
            (Unit::Rate, 4_747.4, "4\u{2009}747/s"),
            (Unit::Bytes, 1_536.0, "1.5 KiB"),
            (Unit::Bytes, 3.0 * 1_073_741_824.0, "3 GiB"),
            (Unit::ByteRate, 10.0, "10 B/s"),
            (Unit::Share, 0.254, "25.4 %"),
            (Unit::Seconds, 0.000_25, "250 µs"),
            (Unit::Seconds, 0.084, "84 ms"),
            (Unit::Seconds, 1.25, "1.25 s"),
            (Unit::Seconds, 150.0, "2.5 min"),
            (Unit::Seconds, f64::NAN, "–"),
        ] {
            assert_eq!(unit.tell(value), told);
        }
        assert_eq!(Unit::Rate.short(60_000.0), "60k");
        assert_eq!(Unit::Count.short(2_500_000.0), "2.5M");
    }
}
