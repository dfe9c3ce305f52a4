//! What is told to whom: the file of `--alerts`, TOML.
//!
//! Names and rules of its tables are those of the agent's settings of the same things.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};
use underpass_alerting::{Sender, Settings};
use underpass_shared::alert::{Category, Rules};
use underpass_shared::config::{
    Alias, Mail, SyslogServers, TrustedCertificate, TrustedCertificates, Webhooks,
};

use super::secret::{Part, Sources};
use crate::cli::parse_time;

/// The longest time that an agent may be away, or that an end may be waited for.
const TIME_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// How long an agent may be away: a host that restarts is back by then.
const ABSENT_AFTER: Duration = Duration::from_secs(5 * 60);
/// How many refused enrolments within ten minutes are more than somebody's mistakes.
const ENROLMENT_REFUSALS: usize = 5;
/// Free space that the state can grow by for a long time, MiB.
const FREE_DISK_MIB: u64 = 512;
const MIB: u64 = 1024 * 1024;

/// All settings of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AlertSettings {
    pub(super) absent_after: Duration,
    pub(super) enrolment_refusals: usize,
    pub(super) free_disk: u64,
    pub(super) rules: Rules,
    pub(super) delivery: Settings,
    pub(super) secrets: Sources,
}

/// The file, but for what has secrets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Fields {
    absent_after: Time,
    ended_after: Time,
    enrolment_refusals: usize,
    #[serde(rename = "freeDiskMiB")]
    free_disk_mib: u64,
    off: Vec<Named>,
    description: String,
    trust: Vec<Trusted>,
    syslog: SyslogServers,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            absent_after: Time(ABSENT_AFTER),
            ended_after: Time(Rules::default().quiet),
            enrolment_refusals: ENROLMENT_REFUSALS,
            free_disk_mib: FREE_DISK_MIB,
            off: vec![],
            description: String::new(),
            trust: vec![],
            syslog: SyslogServers::default(),
        }
    }
}

/// A certificate that mail servers, webhooks and syslog servers are trusted by.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Trusted {
    name: Alias,
    file: PathBuf,
}

/// A time such as `90s` or `5m`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Time(Duration);

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse_time(&text, TIME_MAX).map(Self)
    }
}

/// A category by its name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Named(Category);

impl TryFrom<String> for Named {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let mut all = Category::ALL.into_iter();
        all.find(|one| one.name() == name).map(Self).ok_or_else(|| {
            let all = Category::ALL.map(Category::name).join(", ");
            format!("there is no category {name:?}; there are {all}")
        })
    }
}

impl AlertSettings {
    /// Those of a file, or the usual ones without anybody who is told.
    pub(crate) fn read(file: Option<&Path>, host: &str) -> anyhow::Result<Self> {
        let Some(path) = file else {
            return Self::parse("", host);
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text, host).with_context(|| path.display().to_string())
    }

    fn parse(text: &str, host: &str) -> anyhow::Result<Self> {
        let mut table: Table = text.parse()?;
        let mut secrets = Sources::default();
        let mail = mail(&mut table, &mut secrets).context("mail")?;
        let webhooks = webhooks(&mut table, &mut secrets).context("webhooks")?;
        let fields: Fields = typed(Value::Table(table))?;
        let trusted = fields.trust.into_iter().map(Trusted::read);
        let trusted: Vec<_> = trusted.collect::<anyhow::Result<_>>()?;
        let sender = Sender {
            product: "underpass-gateway".to_owned(),
            host: host.to_owned(),
            description: fields.description,
        };
        Ok(Self {
            absent_after: fields.absent_after.0,
            enrolment_refusals: fields.enrolment_refusals.max(1),
            free_disk: fields.free_disk_mib.saturating_mul(MIB),
            rules: Rules {
                off: fields.off.into_iter().map(|named| named.0).collect(),
                quiet: fields.ended_after.0,
                ..Rules::default()
            },
            delivery: Settings {
                sender,
                mail,
                trusted: TrustedCertificates::try_from(trusted)
                    .map_err(|rule| anyhow!("trust: {rule}"))?,
                webhooks,
                syslog: fields.syslog,
            },
            secrets,
        })
    }
}

impl Trusted {
    fn read(self) -> anyhow::Result<TrustedCertificate> {
        let Self { name, file } = self;
        let place = || format!("trust: {name}: {}", file.display());
        let text = std::fs::read_to_string(&file).with_context(place)?;
        Ok(TrustedCertificate {
            certificate: text.parse().with_context(place)?,
            alias: name,
        })
    }
}

/// The table of mail, whose password is a secret.
fn mail(table: &mut Table, secrets: &mut Sources) -> anyhow::Result<Mail> {
    let Some(mut mail) = table.remove("mail") else {
        return Ok(Mail::default());
    };
    let fields = mail.as_table_mut().context("must be a table")?;
    no_ids(fields, &["credential"])?;
    if let Some(id) = secrets.take(fields, "password", Part::Whole)? {
        fields.insert("credential".to_owned(), Value::String(id.to_string()));
    }
    // A table of its own is written to send mail.
    fields.entry("enabled").or_insert(Value::Boolean(true));
    typed(mail)
}

/// The webhooks, whose URLs and keys are secrets.
fn webhooks(table: &mut Table, secrets: &mut Sources) -> anyhow::Result<Webhooks> {
    let Some(mut webhooks) = table.remove("webhooks") else {
        return Ok(Webhooks::default());
    };
    for one in webhooks
        .as_array_mut()
        .context("must be a list of tables")?
    {
        let fields = one.as_table_mut().context("must be a list of tables")?;
        no_ids(fields, &["origin", "path", "secret"])?;
        let url = secrets.take(fields, "url", Part::UrlPath)?;
        let url = url.context("urlFile or urlEnv: is missing")?;
        let origin = secrets.origin(url).context("url")?;
        fields.insert("origin".to_owned(), Value::String(origin.to_string()));
        fields.insert("path".to_owned(), Value::String(url.to_string()));
        if let Some(id) = secrets.take(fields, "secret", Part::Whole)? {
            fields.insert("secret".to_owned(), Value::String(id.to_string()));
        }
        fields.entry("enabled").or_insert(Value::Boolean(true));
    }
    typed(webhooks)
}

/// What stands for a secret in the agent's document is not for a file.
fn no_ids(fields: &Table, names: &[&str]) -> anyhow::Result<()> {
    match names.iter().find(|name| fields.contains_key(**name)) {
        Some(name) => Err(anyhow!(
            "{name}: is not known here; secrets are named by …File or …Env"
        )),
        None => Ok(()),
    }
}

fn typed<T: DeserializeOwned>(value: Value) -> anyhow::Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let rule = error.into_inner().message().to_owned();
        match path.as_str() {
            "." => anyhow!(rule),
            path => anyhow!("{path}: {rule}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn without_a_file_nobody_is_told_and_the_usual_bounds_hold() {
        let settings = AlertSettings::read(None, "gw").unwrap();
        assert_eq!(settings.absent_after, ABSENT_AFTER);
        assert_eq!(settings.rules, Rules::default());
        assert_eq!(settings.delivery.mail, Mail::default());
        assert_eq!(settings.delivery.sender.host, "gw");
    }

    #[test]
    fn secrets_are_read_from_files_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            underpass_runtime::file::replace(&path, text.as_bytes()).unwrap();
            path.display().to_string()
        };
        let password = file("password", "hunter2\n");
        let url = file("url", "https://hooks.example/secret/path\n");
        let text = format!(
            "absentAfter = \"90s\"\noff = [\"certificates\"]\n\
             [mail]\nsendTo = \"a@x\"\nsendFrom = \"b@x\"\nsmtpHost = \"mail\"\n\
             smtpUsername = \"u\"\npasswordFile = '{password}'\n\
             [[webhooks]]\nname = \"ops\"\nform = \"slack\"\nurlFile = '{url}'\n\
             [[syslog]]\nname = \"siem\"\nenabled = true\nhost = \"siem\"\n"
        );
        let settings = AlertSettings::parse(&text, "gw").unwrap();
        assert_eq!(settings.absent_after, Duration::from_secs(90));
        assert_eq!(settings.rules.off, BTreeSet::from([Category::Certificates]));
        let (_user, id) = settings.delivery.mail.login().unwrap();
        assert_eq!(settings.secrets.read(id).unwrap().expose(), "hunter2");
        let [webhook] = settings.delivery.webhooks.as_slice() else {
            panic!()
        };
        assert_eq!(webhook.origin.to_string(), "https://hooks.example");
        assert_eq!(
            settings.secrets.read(webhook.path).unwrap().expose(),
            "/secret/path"
        );
        let shown = format!("{settings:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("secret/path"),
            "{shown}"
        );
        // What is read again is equal, so that nothing begins anew.
        assert_eq!(AlertSettings::parse(&text, "gw").unwrap(), settings);
    }

    #[test]
    fn mistakes_name_the_field_and_the_rule() {
        for (text, error) in [
            ("absentAfter = 5", "absentAfter: "),
            ("absentAfter = \"5x\"", "absentAfter: must be a number with"),
            ("absent = \"5m\"", "absent: unknown field `absent`"),
            (
                "off = [\"cpu\"]",
                "off[0]: there is no category \"cpu\"; there are ha, tunnels, serviceChannels, CPU, \
                 freeDiskSpace, certificates, troubleshooting, memory, backends, audit, backup",
            ),
            (
                "[mail]\nsendTo = \"a\"",
                "mail: sendTo: \"a\" is no mail address",
            ),
            (
                "[mail]\npasswordFile = \"/none\"",
                "mail: cannot read /none: ",
            ),
            (
                "[mail]\npasswordFile = \"a\"\npasswordEnv = \"B\"",
                "mail: passwordFile: must not",
            ),
            (
                "[mail]\ncredential = \"x\"",
                "mail: credential: is not known here",
            ),
            (
                "[[webhooks]]\nname = \"a\"",
                "webhooks: urlFile or urlEnv: is missing",
            ),
            (
                "[[webhooks]]\nurlEnv = \"NO_SUCH_VARIABLE\"",
                "webhooks: cannot read the environment",
            ),
            ("[[syslog]]\nname = \"a\"", "syslog[0]: missing field"),
            (
                "[[trust]]\nname = \"a\"\nfile = \"/none\"",
                "trust: a: /none: ",
            ),
        ] {
            let found = format!("{:#}", AlertSettings::parse(text, "gw").unwrap_err());
            assert!(found.starts_with(error), "{text}: {found}");
        }
    }
}
