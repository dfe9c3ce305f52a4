//! What the host gives to the process.

use underpass_runtime::descriptors;

use super::Check;

const NAME: &str = "file descriptors";
/// Below this, a thousand requests at once with their connections come near the limit.
const DESCRIPTORS_GOOD: u64 = 4_096;
/// Below this, the agent cannot serve a handful of requests.
const DESCRIPTORS_MIN: u64 = 256;

pub(super) fn checks() -> Vec<Check> {
    let check = match descriptors::limits() {
        Ok(limits) => descriptors(limits.hard),
        Err(error) => Check::warn(NAME, error.to_string(), "look at `ulimit -Hn`"),
    };
    vec![check]
}

/// The agent raises its own limit to the hard one.
fn descriptors(hard: u64) -> Check {
    let seen = match hard {
        u64::MAX => "without limit".to_owned(),
        hard => format!("at most {hard}"),
    };
    let advice = "raise the hard limit of the service, such as LimitNOFILE= of its systemd unit";
    if hard < DESCRIPTORS_MIN {
        Check::fail(NAME, seen, advice)
    } else if hard < DESCRIPTORS_GOOD {
        Check::warn(NAME, seen, advice)
    } else {
        Check::ok(NAME, seen)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    #[test]
    fn few_descriptors_are_told() {
        assert_eq!(descriptors(100).outcome, Outcome::Fail);
        assert_eq!(descriptors(1_024).outcome, Outcome::Warn);
        assert_eq!(descriptors(20_000).outcome, Outcome::Ok);
        assert_eq!(descriptors(u64::MAX).seen, "without limit");
    }
}
