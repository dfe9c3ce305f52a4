//! Texts as the app shows them: numbers, times and what strangers wrote.

use underpass_fleet::author;
use underpass_runtime::clock;

/// The longest text of a stranger that is shown in one place.
const SHOWN: usize = 300;

/// Makes text of an agent fit to be shown: one line, no control characters, no changes of the
/// direction of writing, not longer than anyone reads.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(SHOWN));
    for (count, letter) in text.chars().enumerate() {
        if count == SHOWN {
            out.push('…');
            break;
        }
        match letter {
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {}
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

/// Who did something.
pub fn who(author: &str) -> String {
    clean(author::shown(author))
}

/// Text of an agent as a sentence: clean, and beginning with a capital.
pub fn sentence(text: &str) -> String {
    let text = clean(text.trim());
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

/// A number with its thousands apart.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out
}

/// A time in milliseconds.
pub fn millis(number: u64) -> String {
    format!(
        "{} ms",
        count(usize::try_from(number).unwrap_or(usize::MAX))
    )
}

/// A rate in a few digits.
pub fn rate(per_second: f32) -> String {
    match per_second {
        none if !none.is_finite() => "–".to_owned(),
        small if small < 10.0 => format!("{small:.1}"),
        large if large < 100_000.0 => count(whole(large)),
        huge => format!("{:.0}k", huge / 1000.0),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the caller keeps it in range"
)]
fn whole(number: f32) -> usize {
    number.round().max(0.0) as usize
}

/// How long ago something was, in its largest unit.
pub fn age(now_ms: i64, then_ms: i64) -> String {
    let seconds = now_ms.saturating_sub(then_ms).max(0) / 1000;
    match seconds {
        0..5 => "now".to_owned(),
        5..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long something takes, in its largest unit.
pub fn span(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{} s", ms / 1_000),
        60_000..3_600_000 => format!("{} min", ms / 60_000),
        3_600_000..172_800_000 => format!("{} h", ms / 3_600_000),
        _ => format!("{} d", ms / 86_400_000),
    }
}

/// A number of bytes in its largest unit.
pub fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{:.1} kB", number as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number as f64 / 1e6),
        _ => format!("{:.1} GB", number as f64 / 1e9),
    }
}

/// The day of a moment in UTC, for names of files.
pub fn utc_day(ms: i64) -> String {
    let told = clock::rfc3339(ms);
    told.split('T').next().unwrap_or_default().to_owned()
}

/// What is left until a moment: minutes and seconds.
pub fn countdown(now_ms: i64, until_ms: i64) -> String {
    let seconds = until_ms.saturating_sub(now_ms).max(0) / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// One thing or many: "1 agent", "3 agents".
pub fn plural(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{} {one}s", count(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_strangers_cannot_leave_its_place() {
        assert_eq!(clean("a\nb\u{202e}c\u{7}d"), "a bc d");
        assert_eq!(clean(&"x".repeat(10_000)).chars().count(), SHOWN + 1);
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!(count(7), "7");
        assert_eq!(count(999), "999");
        assert_eq!(count(10_000), "10\u{2009}000");
        assert_eq!(count(1_234_567), "1\u{2009}234\u{2009}567");
    }

    #[test]
    fn days_of_files_are_those_of_utc() {
        assert_eq!(utc_day(0), "1970-01-01");
        assert_eq!(utc_day(1_772_443_805_007), "2026-03-02");
    }

    #[test]
    fn lengths_and_sizes_take_their_largest_unit() {
        assert_eq!(
            [999, 59_000, 120_000, 7_200_000, 172_800_000].map(span),
            ["999 ms", "59 s", "2 min", "2 h", "2 d"]
        );
        assert_eq!(
            [7, 1_500, 10_000_000, 2_500_000_000].map(bytes),
            ["7 B", "1.5 kB", "10.0 MB", "2.5 GB"]
        );
    }

    #[test]
    fn ages_take_their_largest_unit() {
        let now = 10_000_000_000;
        let ages = [0, 59, 60, 3599, 7200, 172_800].map(|ago| age(now, now - ago * 1000));
        assert_eq!(ages, ["now", "59 s", "1 min", "59 min", "2 h", "2 d"]);
        assert_eq!(age(now, now + 5000), "now");
    }
}
