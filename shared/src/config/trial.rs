//! Changes on trial: in force at once, and taken back unless somebody confirms them in time.
//!
//! One author at a time has changes on trial. What he changes meanwhile belongs to them; everybody
//! else waits, so that taking them back takes back nothing else.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limits::{AUTHOR_LEN_MAX, TRIAL_REVISIONS_MAX};
use super::place::{LASTING, Place, touched};
use super::{Document, Text, diff};

/// Less is over before anybody has looked ...
const WITHIN_MIN: u32 = 10;
/// ... and others wait meanwhile.
const WITHIN_MAX: u32 = 3_600;
/// How long a change waits for its confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfirmWithin(u32);

/// A time that no trial has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of seconds between {WITHIN_MIN} and {WITHIN_MAX}")]
pub struct InvalidConfirmWithin;

crate::schema::schema!(ConfirmWithin = {
    "type": "integer",
    "minimum": WITHIN_MIN,
    "maximum": WITHIN_MAX,
});

impl ConfirmWithin {
    /// The seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// The time.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }
}

impl FromStr for ConfirmWithin {
    type Err = InvalidConfirmWithin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = text.parse().ok().filter(|_| digits);
        let fits = seconds.filter(|seconds| (WITHIN_MIN..=WITHIN_MAX).contains(seconds));
        fits.map(Self).ok_or(InvalidConfirmWithin)
    }
}

/// Revisions that are on trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// Whose they are.
    pub author: Text<AUTHOR_LEN_MAX>,
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// The time that was given last, milliseconds.
    pub within_ms: u64,
    /// When it is over, milliseconds since 1970 UTC.
    pub until_ms: i64,
}

/// Why a write is not taken now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnTrial {
    /// Somebody else has changes on trial.
    #[error("somebody else has changes on trial")]
    Other(Trial),
    /// The author has too many.
    #[error("{TRIAL_REVISIONS_MAX} revisions are on trial; confirm or revert them first")]
    TooMany,
    /// It would not be taken back.
    #[error("{0} cannot be changed on trial: what is taken away from somebody stays away")]
    Lasting(String),
}

impl Trial {
    /// Whether `author` may change something now.
    ///
    /// # Errors
    /// When not.
    pub fn admit(running: Option<&Self>, author: &str) -> Result<(), OnTrial> {
        match running {
            None => Ok(()),
            Some(other) if *other.author != *author => Err(OnTrial::Other(other.clone())),
            Some(own) if own.last - own.first + 1 >= TRIAL_REVISIONS_MAX => Err(OnTrial::TooMany),
            Some(_) => Ok(()),
        }
    }

    /// Whether a change may be on trial.
    ///
    /// # Errors
    /// When it touches what must last.
    pub fn check(old: &Document, new: &Document) -> Result<(), OnTrial> {
        let places = touched(&diff(old, new), &diff(new, old)).into_keys();
        let lasting = |place: &Place| match place {
            Place::Setting(name) => LASTING.contains(&name.as_str()),
            Place::Subaccount(_) | Place::Mapping(..) => false,
        };
        match places.into_iter().find(lasting) {
            Some(place) => Err(OnTrial::Lasting(place.to_string())),
            None => Ok(()),
        }
    }

    /// What is on trial after revision `number` of an author who was admitted. A change that
    /// gives no time joins the ones before it.
    pub fn after(
        running: Option<&Self>,
        author: &Text<AUTHOR_LEN_MAX>,
        number: u64,
        within: Option<Duration>,
        now_ms: i64,
    ) -> Option<Self> {
        let (within_ms, until_ms) = match (within, running) {
            (Some(within), _) => {
                let ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
                (ms, now_ms.saturating_add_unsigned(ms))
            }
            (None, Some(running)) => (running.within_ms, running.until_ms),
            (None, None) => return None,
        };
        Some(Self {
            author: author.clone(),
            first: running.map_or(number, |running| running.first),
            last: number,
            within_ms,
            until_ms,
        })
    }

    /// What is left at a time; never more than was given, should the clock have gone back.
    pub fn left(&self, now_ms: i64) -> Duration {
        let left = self.until_ms.saturating_sub(now_ms).max(0).unsigned_abs();
        Duration::from_millis(left.min(self.within_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::own;

    const NOW: i64 = 1_700_000_000_000;

    fn author(name: &str) -> Text<AUTHOR_LEN_MAX> {
        name.parse().unwrap()
    }

    fn minute(running: Option<&Trial>, number: u64, now_ms: i64) -> Trial {
        let within = Some(Duration::from_mins(1));
        Trial::after(running, &author("ann"), number, within, now_ms).unwrap()
    }

    #[test]
    fn times_have_limits() {
        for (text, seconds) in [("10", 10), ("60", 60), ("3600", 3_600)] {
            assert_eq!(text.parse::<ConfirmWithin>().unwrap().seconds(), seconds);
        }
        for text in ["", "9", "3601", "-10", "+60", "1m", "60.0", "99999999999"] {
            assert_eq!(text.parse::<ConfirmWithin>(), Err(InvalidConfirmWithin));
        }
    }

    #[test]
    fn others_wait_and_the_author_adds() {
        let first = minute(None, 7, NOW);
        assert_eq!(first.until_ms, NOW + 60_000);
        assert_eq!(Trial::admit(Some(&first), "ann"), Ok(()));
        let refused = Trial::admit(Some(&first), "bob");
        assert_eq!(refused, Err(OnTrial::Other(first.clone())));
        // Without a time of its own a change joins; with one it starts the clock anew.
        let joined = Trial::after(Some(&first), &author("ann"), 8, None, NOW + 30_000).unwrap();
        assert_eq!((joined.first, joined.last), (7, 8));
        assert_eq!(joined.until_ms, first.until_ms);
        let renewed = minute(Some(&joined), 9, NOW + 30_000);
        assert_eq!((renewed.first, renewed.last), (7, 9));
        assert_eq!(renewed.until_ms, NOW + 90_000);
        // Nothing runs: nothing is on trial.
        assert_eq!(Trial::after(None, &author("ann"), 8, None, NOW), None);
        assert_eq!(Trial::admit(None, "bob"), Ok(()));
    }

    #[test]
    fn the_number_of_revisions_has_a_limit() {
        let trial = |count| Trial {
            last: 6 + count,
            ..minute(None, 7, NOW)
        };
        let most = trial(TRIAL_REVISIONS_MAX);
        assert_eq!(Trial::admit(Some(&most), "ann"), Err(OnTrial::TooMany));
        let less = trial(TRIAL_REVISIONS_MAX - 1);
        assert_eq!(Trial::admit(Some(&less), "ann"), Ok(()));
    }

    #[test]
    fn a_clock_that_jumps_never_makes_it_longer() {
        let trial = minute(None, 7, NOW);
        assert_eq!(trial.left(NOW), Duration::from_mins(1));
        assert_eq!(trial.left(NOW + 59_000), Duration::from_secs(1));
        assert_eq!(trial.left(NOW + 61_000), Duration::ZERO);
        assert_eq!(trial.left(NOW - 1_000_000), Duration::from_mins(1));
    }

    #[test]
    fn mappings_may_be_tried_out_and_operators_may_not() {
        let empty = Document::empty();
        let added = empty.with_subaccount(own(1)).unwrap();
        assert_eq!(Trial::check(&empty, &added), Ok(()));
        assert_eq!(Trial::check(&added, &empty), Ok(()));
        assert!(LASTING.contains(&"operators"));
    }
}
