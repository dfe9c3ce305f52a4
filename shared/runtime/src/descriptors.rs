//! How many files and sockets this process may have open.

/// The limits as they are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    /// What is in force.
    pub soft: u64,
    /// How far the process may raise it itself.
    pub hard: u64,
}

/// Raises the limit at the start of a program: each connection takes a descriptor, and the usual
/// limit is for programs that have few.
pub fn raise_or_warn() {
    match raise() {
        Ok(limits) => tracing::debug!(limit = limits.soft, "file descriptors"),
        Err(error) => tracing::warn!(%error, "cannot raise the limit of file descriptors"),
    }
}

#[cfg(unix)]
mod platform {
    use std::io;

    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    use super::Descriptors;

    /// More than any load needs; macOS takes no higher one.
    const WANTED: u64 = if cfg!(target_os = "macos") {
        10_240
    } else {
        1 << 20
    };

    /// Reads the limits.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn limits() -> io::Result<Descriptors> {
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        Ok(Descriptors { soft, hard })
    }

    /// Raises the limit as far as the process may, for each connection takes one.
    ///
    /// # Errors
    /// When the system refuses; the old limit then stays.
    pub fn raise() -> io::Result<Descriptors> {
        let Descriptors { soft, hard } = limits()?;
        let raised = hard.min(WANTED).max(soft);
        setrlimit(Resource::RLIMIT_NOFILE, raised, hard)?;
        limits()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_limit_is_raised_to_what_is_allowed() {
            let raised = raise().unwrap();
            assert_eq!(raised, limits().unwrap());
            assert!(raised.soft >= raised.hard.min(WANTED));
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use std::io;

    use super::Descriptors;

    /// There is no such limit here.
    ///
    /// # Errors
    /// Never.
    #[expect(clippy::unnecessary_wraps, reason = "other platforms can fail")]
    pub fn limits() -> io::Result<Descriptors> {
        Ok(Descriptors {
            soft: u64::MAX,
            hard: u64::MAX,
        })
    }

    /// There is no such limit here.
    ///
    /// # Errors
    /// Never.
    pub fn raise() -> io::Result<Descriptors> {
        limits()
    }
}

pub use self::platform::{limits, raise};
