//! Schedules of backups: when, to whom they are sealed, where they go.

mod name;
mod target;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::name::{InvalidScheduleName, ScheduleName};
pub use self::target::{
    BackupDestination, BackupDirectory, BackupUpload, FolderPath, InvalidFolderPath,
    InvalidUploadUrl, Keep, UploadLogin, UploadUrl, UploadUser,
};
use super::cron::{Cron, CronClock};
use super::invalid::Invalid;
use super::limits::{BACKUP_RECIPIENTS_MAX, BACKUP_SCHEDULES_MAX};
use super::loose::{Number, Truth, flag};
use crate::backup::RecipientText;
use crate::id::CredentialId;
use crate::schema::schema_like;

/// Revisions of the history that a backup has.
type History = Number<0, 1_000>;

/// Within how many hours there is to be a good backup; a year at most.
pub type WantedHours = Number<1, 8_784>;

const fn enabled() -> bool {
    true
}

const fn some_history() -> History {
    Number::constant(20)
}

fn is_some_history(history: &History) -> bool {
    *history == some_history()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A schedule of backups, before its checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "BackupSchedule", description = "A schedule of backups.")]
pub struct BackupScheduleFields {
    /// Its name, which the names of its files hold.
    pub name: ScheduleName,
    /// Whether backups are made.
    #[serde(default = "enabled", deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub enabled: bool,
    /// When.
    pub cron: Cron,
    /// Which clock that is read on.
    #[serde(default, skip_serializing_if = "CronClock::is_default")]
    pub clock: CronClock,
    /// Public keys of age that backups are sealed to; their private keys stay away from the agent.
    #[schemars(length(min = 1, max = BACKUP_RECIPIENTS_MAX))]
    pub recipients: Vec<RecipientText>,
    /// How many of the newest revisions they have.
    #[serde(default = "some_history", skip_serializing_if = "is_some_history")]
    pub history: History,
    /// Whether they have what belongs to the host too: the listen address, and the key of the
    /// certificate that the management API shows.
    #[serde(default, skip_serializing_if = "is_false", deserialize_with = "flag")]
    #[schemars(with = "Truth")]
    pub include_machine: bool,
    /// Where they go.
    pub target: BackupDestination,
    /// Within how many hours there is to be a good one; an older one raises an alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_within_hours: Option<WantedHours>,
}

/// A schedule of backups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BackupScheduleFields", into = "BackupScheduleFields")]
pub struct BackupSchedule(BackupScheduleFields);

schema_like!(BackupSchedule = BackupScheduleFields);

impl TryFrom<BackupScheduleFields> for BackupSchedule {
    type Error = Invalid;

    fn try_from(fields: BackupScheduleFields) -> Result<Self, Invalid> {
        let count = fields.recipients.len();
        if !(1..=BACKUP_RECIPIENTS_MAX).contains(&count) {
            let rule = format!("must be 1 to {BACKUP_RECIPIENTS_MAX} public keys, not {count}");
            return Err(Invalid::new("recipients", rule));
        }
        let different: BTreeSet<&RecipientText> = fields.recipients.iter().collect();
        if different.len() != count {
            return Err(Invalid::new("recipients", "has a public key twice"));
        }
        if let BackupDestination::Url(upload) = &fields.target {
            upload.check()?;
        }
        Ok(Self(fields))
    }
}

impl From<BackupSchedule> for BackupScheduleFields {
    fn from(schedule: BackupSchedule) -> Self {
        schedule.0
    }
}

impl std::ops::Deref for BackupSchedule {
    type Target = BackupScheduleFields;

    fn deref(&self) -> &BackupScheduleFields {
        &self.0
    }
}

/// Schedules, sorted by name, each once; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<BackupSchedule>", into = "Vec<BackupSchedule>")]
pub struct BackupSchedules(Vec<BackupSchedule>);

schema_like!(BackupSchedules = Vec<BackupSchedule>);

impl TryFrom<Vec<BackupSchedule>> for BackupSchedules {
    type Error = Invalid;

    fn try_from(mut list: Vec<BackupSchedule>) -> Result<Self, Invalid> {
        let wrong = |rule: String| Err(Invalid::new("backupSchedules", rule));
        if list.len() > BACKUP_SCHEDULES_MAX {
            return wrong(format!(
                "at most {BACKUP_SCHEDULES_MAX} entries are allowed"
            ));
        }
        list.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some([one, _]) = list.array_windows().find(|[a, b]| a.name == b.name) {
            return wrong(format!("{} occurs twice", one.name));
        }
        Ok(Self(list))
    }
}

impl From<BackupSchedules> for Vec<BackupSchedule> {
    fn from(list: BackupSchedules) -> Self {
        list.0
    }
}

impl BackupSchedules {
    /// All of them, by name.
    pub fn as_slice(&self) -> &[BackupSchedule] {
        &self.0
    }

    /// One of them.
    pub fn get(&self, name: &ScheduleName) -> Option<&BackupSchedule> {
        self.0.iter().find(|one| one.name == *name)
    }

    /// What of the secret store they use.
    pub fn secrets(&self) -> impl Iterator<Item = CredentialId> {
        self.0.iter().filter_map(|one| one.target.credential())
    }

    pub(super) const fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Document;

    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    fn schedule(change: impl FnOnce(&mut Value)) -> Value {
        let mut one = json!({
            "name": "nightly", "cron": "30 2 * * *", "recipients": [KEY],
            "target": {"directory": {"path": "/srv/backups"}},
        });
        change(&mut one);
        one
    }

    fn document(schedules: &Value) -> Result<Document, String> {
        let text = json!({"schema": 1, "connector": {"backupSchedules": schedules},
                          "subaccounts": []});
        Document::from_json(&text.to_string()).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn a_document_without_them_keeps_its_hash_and_defaults_are_not_written() {
        let bare = r#"{"schema": 1, "connector": {}, "subaccounts": []}"#;
        let bare = Document::from_json(bare).unwrap();
        assert_eq!(bare.hash(), document(&json!([])).unwrap().hash());
        let one = document(&json!([schedule(|_| {})])).unwrap();
        let schedules = &one.connector().backup_schedules;
        let only = &schedules.as_slice()[0];
        assert!(only.enabled && only.wanted_within_hours.is_none());
        assert_eq!((only.history.get(), only.clock), (20, CronClock::Utc));
        assert_eq!(
            serde_json::to_value(schedules).unwrap(),
            json!([{"name": "nightly", "enabled": true, "cron": "30 2 * * *", "recipients": [KEY],
                    "target": {"directory": {"path": "/srv/backups", "keep": 14}}}])
        );
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn what_is_wrong_is_named() {
        let upload = |more: Value| {
            let mut url = json!({"url": "https://nas/dav/"});
            url.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            json!({ "url": url })
        };
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let other = KEY.replace("8p", "8q");
        for (field, value, says) in [
            ("name", json!("Nightly"), "a-z 0-9 -"),
            ("cron", json!("61 * * * *"), "the minute must be"),
            ("clock", json!("mars"), "unknown variant"),
            (
                "recipients",
                json!([]),
                "must be 1 to 15 public keys, not 0",
            ),
            ("recipients", json!([KEY, KEY]), "has a public key twice"),
            ("recipients", json!(["age1"]), "must be a public key of age"),
            (
                "recipients",
                json!(vec![KEY; 16]),
                "must be 1 to 15 public keys, not 16",
            ),
            ("history", json!(1_001), "history"),
            ("wantedWithinHours", json!(0), "wantedWithinHours"),
            (
                "target",
                json!({"directory": {"path": "x"}}),
                "must be an absolute path",
            ),
            (
                "target",
                json!({"directory": {"path": "/x", "keep": 0}}),
                "keep",
            ),
            (
                "target",
                json!({"url": {"url": "http://nas/"}}),
                "must begin with https://",
            ),
            ("target", upload(json!({"keep": 3})), "unknown field"),
            (
                "target",
                upload(json!({"login": {"user": "a:b", "credential": id}})),
                "no colon",
            ),
            (
                "target",
                upload(json!({"ca": ["x"]})),
                "certificate must be PEM",
            ),
            ("target", json!({}), "target"),
            ("more", json!(1), "unknown field"),
        ] {
            let wrong = schedule(|one| one[field] = value.clone());
            let error = document(&json!([wrong])).unwrap_err();
            assert!(error.contains(says), "{field} {value}: {error}");
        }
        let twice = document(&json!([schedule(|_| {}), schedule(|_| {})])).unwrap_err();
        assert!(twice.contains("nightly occurs twice"), "{twice}");
        let many = |count: usize| {
            let all = (0..count).map(|n| schedule(|one| one["name"] = n.to_string().into()));
            document(&all.collect())
        };
        assert!(many(BACKUP_SCHEDULES_MAX).is_ok());
        assert!(
            many(BACKUP_SCHEDULES_MAX + 1)
                .unwrap_err()
                .contains("at most")
        );
        let two = schedule(|one| one["recipients"] = json!([KEY, other]));
        assert!(document(&json!([two])).is_ok());
        let target = upload(json!({"login": {"credential": id}, "viaProxy": true}));
        let put = document(&json!([schedule(|one| one["target"] = target)])).unwrap();
        assert_eq!(put.connector().backup_schedules.secrets().count(), 1);
    }
}
