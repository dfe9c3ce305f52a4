//! The names of the files of scheduled backups, by which they are found again.

use underpass_runtime::{clock, file};
use underpass_shared::config::ScheduleName;
use underpass_shared::id::AgentId;

const ENDING: &str = ".zip";
/// The letters of a time such as `20261122T023000123Z`: `9` stands for a digit.
const TIME: &[u8] = b"99999999T999999999Z";

/// How the files of one schedule of one agent are called. No other agent and no other schedule has
/// such a name, so that several can share a folder.
#[derive(Clone, Debug)]
pub(crate) struct FileName {
    prefix: String,
}

impl FileName {
    pub(crate) fn of(agent: AgentId, schedule: &ScheduleName) -> Self {
        let prefix = format!("underpass-agent-{agent}-{schedule}-");
        Self { prefix }
    }

    /// The name of the backup of a time.
    pub(crate) fn at(&self, time_ms: i64) -> String {
        let time = clock::rfc3339(time_ms);
        let time: String = time.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{}{time}{ENDING}", self.prefix)
    }

    /// Whether a file is one of them.
    pub(super) fn is_backup(&self, name: &str) -> bool {
        let time = name.strip_prefix(&self.prefix);
        let time = time.and_then(|rest| rest.strip_suffix(ENDING));
        time.is_some_and(|time| {
            let fits = |(byte, shape): (u8, &u8)| match shape {
                b'9' => byte.is_ascii_digit(),
                letter => byte == *letter,
            };
            time.len() == TIME.len() && time.bytes().zip(TIME).all(fits)
        })
    }

    /// Whether a file is one of them that was never finished.
    pub(super) fn is_unfinished(&self, name: &str) -> bool {
        let rest = name.strip_suffix(file::TEMPORARY);
        let rest = rest.and_then(|rest| rest.strip_suffix('.'));
        let parts = rest.and_then(|rest| rest.rsplit_once('.'));
        parts.is_some_and(|(backup, process)| {
            let digits = process.bytes().all(|byte| byte.is_ascii_digit());
            digits && !process.is_empty() && self.is_backup(backup)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_files_of_one_schedule_of_one_agent_are_its_own() {
        let agent = AgentId::of_authority(&[1; 32]);
        let other = AgentId::of_authority(&[2; 32]);
        let name = |text: &str| text.parse::<ScheduleName>().unwrap();
        let files = FileName::of(agent, &name("nightly"));
        let own = files.at(1_700_000_000_999);
        assert_eq!(
            own,
            format!("underpass-agent-{agent}-nightly-20231114T221320999Z.zip")
        );
        assert!(files.is_backup(&own) && !files.is_unfinished(&own));
        let unfinished = format!("{own}.4711.tmp");
        assert!(files.is_unfinished(&unfinished) && !files.is_backup(&unfinished));
        for foreign in [
            FileName::of(other, &name("nightly")).at(7),
            FileName::of(agent, &name("nightly-2")).at(7),
            FileName::of(agent, &name("night")).at(7),
            own.replace(".zip", ".zip.bak"),
            own.replace(".zip", ""),
            own.replace('Z', ""),
            own.replacen("2023", "202x", 1),
            own.replacen("2023", "02023", 1),
            format!("x{own}"),
            "agent.zip".to_owned(),
        ] {
            assert!(!files.is_backup(&foreign), "{foreign}");
            assert!(!files.is_unfinished(&foreign), "{foreign}");
            let unfinished = format!("{foreign}.1.tmp");
            assert!(!files.is_unfinished(&unfinished), "{unfinished}");
        }
        for foreign in [
            "x.tmp",
            "..tmp",
            ".tmp",
            &format!("{own}.tmp"),
            &format!("{own}..tmp"),
        ] {
            assert!(!files.is_unfinished(foreign), "{foreign}");
        }
    }
}
