//! What is known of something that an agent has: never silently old, never silently missing.

use std::sync::Arc;

/// A value and when it was told.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamped<T> {
    /// The value.
    pub value: Arc<T>,
    /// When the agent told it, milliseconds UTC.
    pub at_ms: i64,
}

impl<T> Stamped<T> {
    /// A value that was told now.
    pub fn new(value: T, at_ms: i64) -> Self {
        let value = Arc::new(value);
        Self { value, at_ms }
    }
}

impl<T> Clone for Stamped<T> {
    fn clone(&self) -> Self {
        let value = Arc::clone(&self.value);
        Self { value, ..*self }
    }
}

/// Data that is elsewhere.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Remote<T> {
    /// Nobody asked for it.
    #[default]
    NotRequested,
    /// It is on its way.
    Loading {
        /// What was known before.
        previous: Option<Stamped<T>>,
    },
    /// It is here.
    Ready(Stamped<T>),
    /// It cannot be had.
    Unavailable {
        /// What was known before.
        previous: Option<Stamped<T>>,
        /// Why not, for people.
        reason: Arc<str>,
    },
}

impl<T> Clone for Remote<T> {
    fn clone(&self) -> Self {
        match self {
            Self::NotRequested => Self::NotRequested,
            Self::Loading { previous } => Self::Loading {
                previous: previous.clone(),
            },
            Self::Ready(stamped) => Self::Ready(stamped.clone()),
            Self::Unavailable { previous, reason } => Self::Unavailable {
                previous: previous.clone(),
                reason: Arc::clone(reason),
            },
        }
    }
}

impl<T> Remote<T> {
    /// A value that was told now.
    pub fn ready(value: T, at_ms: i64) -> Self {
        Self::Ready(Stamped::new(value, at_ms))
    }

    /// The newest known value with its time, however old.
    pub const fn stamped(&self) -> Option<&Stamped<T>> {
        match self {
            Self::NotRequested => None,
            Self::Ready(stamped) => Some(stamped),
            Self::Loading { previous } | Self::Unavailable { previous, .. } => previous.as_ref(),
        }
    }

    /// The newest known value, however old.
    pub fn value(&self) -> Option<&T> {
        self.stamped().map(|stamped| &*stamped.value)
    }

    /// The newest known value, however old, to keep.
    pub fn shared(&self) -> Option<Arc<T>> {
        self.stamped().map(|stamped| Arc::clone(&stamped.value))
    }

    /// Why it cannot be had.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Unavailable { reason, .. } => Some(reason),
            Self::NotRequested | Self::Loading { .. } | Self::Ready(_) => None,
        }
    }

    /// Whether it is on its way.
    pub const fn is_loading(&self) -> bool {
        matches!(self, Self::Loading { .. })
    }

    /// Whether what is known may no longer be so.
    pub const fn is_stale(&self) -> bool {
        match self {
            Self::Loading { previous } | Self::Unavailable { previous, .. } => previous.is_some(),
            Self::NotRequested | Self::Ready(_) => false,
        }
    }

    /// The same, being asked for anew.
    #[must_use]
    pub fn loading(&self) -> Self {
        Self::Loading {
            previous: self.stamped().cloned(),
        }
    }

    /// The same, which could not be had.
    #[must_use]
    pub fn failed(&self, reason: impl Into<Arc<str>>) -> Self {
        Self::Unavailable {
            previous: self.stamped().cloned(),
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_known_stays_and_is_stale_until_it_is_told_anew() {
        let nothing = Remote::<u8>::NotRequested;
        assert_eq!(nothing.loading(), Remote::Loading { previous: None });
        assert!(!nothing.loading().is_stale());
        let known = Remote::ready(7, 1_000);
        assert!(!known.is_stale());
        for later in [
            known.loading(),
            known.failed("away"),
            known.loading().failed("x"),
        ] {
            assert!(later.is_stale());
            assert_eq!(later.value(), Some(&7));
            assert_eq!(later.stamped().map(|stamped| stamped.at_ms), Some(1_000));
        }
        assert_eq!(known.failed("away").reason(), Some("away"));
        assert!(known.loading().is_loading());
    }
}
