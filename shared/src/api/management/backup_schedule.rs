//! Schedules of backups as the API shows and takes them, and how they are doing.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backup::BackupHistory;
use super::error::Refusal;
use super::lenient::{Flag, ReadOnly};
use super::proxy::MASKED;
use crate::backup::{RecipientText, ScheduledRun};
use crate::config::{
    BackupDestination, BackupDirectory, BackupSchedule, BackupScheduleFields, BackupUpload,
    Certificate, Cron, CronClock, Number, ScheduleName, UploadUrl, UploadUser, WantedHours,
};

/// A schedule as it is shown, with how it is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleShown {
    /// Its name.
    pub name: ScheduleName,
    /// Whether backups are made.
    pub enabled: bool,
    /// When.
    pub cron: Cron,
    /// Which clock that is read on.
    pub clock: CronClock,
    /// Public keys that backups are sealed to.
    pub recipients: Vec<RecipientText>,
    /// How many of the newest revisions they have.
    pub history: BackupHistory,
    /// Whether they have what belongs to the host too.
    pub include_machine: bool,
    /// Where they go.
    pub target: DestinationShown,
    /// Within how many hours there is to be a good one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_within_hours: Option<WantedHours>,
    /// How it is doing.
    pub status: ScheduleStatus,
}

/// Where backups go, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DestinationShown {
    /// Into a folder.
    Directory(BackupDirectory),
    /// To an address.
    Url(UploadShown),
}

/// An address that takes PUT, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UploadShown {
    /// A folder there.
    pub url: UploadUrl,
    /// Who puts it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<LoginShown>,
    /// The only certificates that are trusted there, if there are any.
    pub ca: Vec<Certificate>,
    /// Whether it goes through the HTTP proxy that leads to the gateways.
    pub via_proxy: bool,
}

/// Who puts a backup there, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoginShown {
    /// The user; none for the bearer of a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UploadUser>,
    /// [`MASKED`].
    pub password: String,
}

/// How a schedule is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleStatus {
    /// What it does now.
    pub state: ScheduleState,
    /// When the next backup is made, milliseconds UTC; of a schedule that is off, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_ms: Option<i64>,
    /// The newest run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<ScheduledRun>,
    /// The newest run that left a good backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_good: Option<ScheduledRun>,
    /// How many runs failed since.
    pub failures: u32,
    /// Whether the newest good backup is older than wanted.
    pub overdue: bool,
}

/// What a schedule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ScheduleState {
    /// Nothing: it is off.
    Off,
    /// It waits for its time.
    Waiting,
    /// Its turn comes: it was asked for, and another one runs.
    Asked,
    /// A backup is made.
    Making,
    /// It is written to the folder, or sent to the address.
    Storing,
    /// It is opened and checked as a restore would.
    Verifying,
}

impl ScheduleState {
    /// Its name, as answers have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Waiting => "waiting",
            Self::Asked => "asked",
            Self::Making => "making",
            Self::Storing => "storing",
            Self::Verifying => "verifying",
        }
    }

    /// Whether a run goes on, or is about to.
    pub const fn is_busy(self) -> bool {
        match self {
            Self::Off | Self::Waiting => false,
            Self::Asked | Self::Making | Self::Storing | Self::Verifying => true,
        }
    }
}

impl fmt::Display for ScheduleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ScheduleShown {
    /// Shows a schedule without its password.
    pub fn show(schedule: &BackupSchedule, status: ScheduleStatus) -> Self {
        Self {
            name: schedule.name.clone(),
            enabled: schedule.enabled,
            cron: schedule.cron.clone(),
            clock: schedule.clock,
            recipients: schedule.recipients.clone(),
            history: schedule.history,
            include_machine: schedule.include_machine,
            target: match &schedule.target {
                BackupDestination::Directory(folder) => DestinationShown::Directory(folder.clone()),
                BackupDestination::Url(upload) => DestinationShown::Url(UploadShown::show(upload)),
            },
            wanted_within_hours: schedule.wanted_within_hours,
            status,
        }
    }
}

impl UploadShown {
    fn show(upload: &BackupUpload) -> Self {
        Self {
            url: upload.url.clone(),
            login: upload.login.as_ref().map(|login| LoginShown {
                user: login.user.clone(),
                password: MASKED.to_owned(),
            }),
            ca: upload.ca.clone(),
            via_proxy: upload.via_proxy,
        }
    }
}

/// A schedule as it is taken: as it is shown, with the passwords that are new.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleInput {
    /// Its name stands in the address.
    #[serde(default, skip_serializing)]
    pub name: ReadOnly,
    /// Whether backups are made.
    #[serde(default = "on")]
    pub enabled: Flag,
    /// When.
    pub cron: Cron,
    /// Which clock that is read on.
    #[serde(default)]
    pub clock: CronClock,
    /// Public keys of age that backups are sealed to.
    pub recipients: Vec<RecipientText>,
    /// How many of the newest revisions they have.
    #[serde(default = "some_history")]
    pub history: BackupHistory,
    /// Whether they have what belongs to the host too.
    #[serde(default)]
    pub include_machine: Flag,
    /// Where they go.
    pub target: DestinationInput,
    /// Within how many hours there is to be a good one; an older one raises an alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_within_hours: Option<WantedHours>,
    /// How it is doing.
    #[serde(default, skip_serializing)]
    pub status: ReadOnly,
}

impl ScheduleInput {
    /// The schedule of this name that it describes; `place` makes of the destination what is kept.
    ///
    /// # Errors
    /// Those of `place`.
    pub fn into_fields(
        self,
        name: ScheduleName,
        place: impl FnOnce(DestinationInput) -> Result<BackupDestination, Refusal>,
    ) -> Result<BackupScheduleFields, Refusal> {
        Ok(BackupScheduleFields {
            name,
            enabled: self.enabled.0,
            cron: self.cron,
            clock: self.clock,
            recipients: self.recipients,
            history: self.history,
            include_machine: self.include_machine.0,
            target: place(self.target)?,
            wanted_within_hours: self.wanted_within_hours,
        })
    }
}

const fn on() -> Flag {
    Flag(true)
}

const fn some_history() -> BackupHistory {
    Number::constant(20)
}

/// Where backups go, as it is taken.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DestinationInput {
    /// Into a folder.
    Directory(BackupDirectory),
    /// To an address, by PUT over TLS.
    Url(UploadInput),
}

/// An address that takes PUT, as it is taken.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UploadInput {
    /// A folder there; the name of each file is put behind it.
    pub url: UploadUrl,
    /// Who puts it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<LoginInput>,
    /// The only certificates that are trusted there; without any, those that the host's system
    /// trusts and those of the trust store of mail.
    #[serde(default)]
    pub ca: Vec<Certificate>,
    /// Whether it goes through the HTTP proxy that leads to the gateways.
    #[serde(default)]
    pub via_proxy: Flag,
}

/// Who puts a backup there: a user with a password, or without a user the bearer of a token.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoginInput {
    /// The user; none for the bearer of a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UploadUser>,
    /// The password or token; [`MASKED`], or nothing, keeps the present one, and then host, port
    /// and user must stay too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("description" = "The password or token; ***, or nothing, keeps the present \
        one, and then host, port and user must stay too."))]
    pub password: Option<String>,
}

impl fmt::Debug for LoginInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginInput")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::BackupScheduleFields;

    #[test]
    fn what_is_shown_is_taken_and_shows_no_secret() {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        let fields: BackupScheduleFields = serde_json::from_value(json!({
            "name": "nas", "cron": "0 3 * * *", "recipients": [key], "target": {"url": {
                "url": "https://nas/dav/", "login": {"user": "u", "credential": id}}},
        }))
        .unwrap();
        let status = ScheduleStatus {
            state: ScheduleState::Waiting,
            next_ms: Some(1),
            last: None,
            last_good: None,
            failures: 0,
            overdue: false,
        };
        let shown = ScheduleShown::show(&fields.try_into().unwrap(), status);
        let json = serde_json::to_value(&shown).unwrap();
        assert_eq!(
            json["target"]["url"]["login"],
            json!({"user": "u", "password": "***"})
        );
        assert!(!json.to_string().contains(id));
        let input: ScheduleInput = serde_json::from_value(json).unwrap();
        assert_eq!((input.cron, input.enabled.0), (shown.cron, true));
    }
}
