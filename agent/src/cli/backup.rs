//! `backup`, `backup verify` and `backup schedule`.

use std::env;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use underpass_runtime::file;
use underpass_runtime::form::Form;
use underpass_shared::api::management::{
    BackupHistory, BackupInput, BackupTarget, BackupVerified, Flag, Target,
};
use underpass_shared::backup::{KeptSecret, RecipientText};

use super::client::{Client, Saved};
use super::output::{Output, utc};
use super::passphrase::{Opening, Passphrase};
use super::schedule;
use crate::backup::ARCHIVE_MAX;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent backup --out agent.zip
  underpass-agent backup --out agent.zip --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p
  underpass-agent backup verify agent.zip

A backup holds the whole agent with all its keys: whoever opens it can be this agent. Keep the
passphrase, or the private key of a recipient, apart from it; without it the backup is worth nothing.";

/// What to do with a backup.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Open a backup and check all of it as a restore would; changes nothing.
    #[command(after_help = "Example:\n  underpass-agent backup verify agent.zip")]
    Verify {
        /// The archive.
        file: PathBuf,
        #[command(flatten)]
        opening: Opening,
    },
    /// Let the agent make backups by itself, sealed to public keys, and show how that goes.
    #[command(subcommand, after_help = schedule::EXAMPLE)]
    Schedule(schedule::Action),
}

/// The backup to make.
#[derive(Args, Debug)]
pub struct Wanted {
    /// The file to write; it must not exist.
    #[arg(long, value_name = "FILE", required = true)]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: Passphrase,
    /// Seal it to this public key of age instead of a passphrase; repeat it for several.
    #[arg(long, value_name = "KEY", conflicts_with = "passphrase_file")]
    recipient: Vec<RecipientText>,
    /// How many of the newest revisions it has, up to 1000.
    #[arg(long, value_name = "REVISIONS", default_value_t = 20)]
    history: u32,
    /// With the listen address and the key of the certificate that the management API shows.
    #[arg(long)]
    include_machine: bool,
}

pub(super) async fn run(
    client: &Client,
    action: Option<Action>,
    wanted: Wanted,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    match action {
        Some(Action::Verify { file, opening }) => verify(client, &file, &opening, out).await,
        Some(Action::Schedule(action)) => schedule::run(client, action, out).await,
        None => make(client, wanted, out).await,
    }
}

async fn make(client: &Client, wanted: Wanted, out: &mut Output<'_>) -> anyhow::Result<()> {
    let Some(path) = wanted.out else {
        bail!("give the file to write as --out FILE");
    };
    let name = path.display();
    ensure!(
        !path.exists(),
        "{name} exists; give another name or remove it"
    );
    let Ok(history) = BackupHistory::try_from(wanted.history) else {
        bail!("--history must be between 0 and 1000");
    };
    let password = match wanted.recipient.is_empty() {
        true => Some(KeptSecret(wanted.passphrase.get(true)?)),
        false => None,
    };
    let needs_passphrase = password.is_some();
    let input = BackupInput {
        password,
        recipients: wanted.recipient,
        history,
        include_machine: Flag(wanted.include_machine),
    };
    let target = Target::Backup(BackupTarget::Archive);
    let saved = client.save(target, &input, &path).await?;
    let Saved { revision, bytes } = saved;
    let told = json!({ "file": path, "bytes": bytes, "revision": revision });
    out.show(&told, |out| {
        let revision = revision.unwrap_or_default();
        writeln!(
            out,
            "{name}: the whole agent as of revision {revision}, {bytes} bytes."
        )?;
        let what = if needs_passphrase {
            "passphrase"
        } else {
            "private key of a recipient"
        };
        writeln!(
            out,
            "Keep the {what}: without it the backup is worth nothing."
        )
    })
}

async fn verify(
    client: &Client,
    path: &Path,
    opening: &Opening,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let archive = open(path)?;
    let (part, secret) = opening.get()?;
    let form = Form::new().text(part, secret.expose());
    let target = Target::Backup(BackupTarget::Verification);
    let reply = client.send_form(target, form.around("backup"), archive);
    let reply = reply.await;
    let reply = reply.with_context(|| format!("{} cannot be restored", path.display()))?;
    let found: BackupVerified = reply.read()?;
    out.show(&found, |out| write(path, &found, out))
}

fn write(path: &Path, found: &BackupVerified, out: &mut dyn Write) -> io::Result<()> {
    let whose = if found.own { "this agent" } else { "agent" };
    writeln!(out, "{}: whole, and can be restored", path.display())?;
    writeln!(out, "of        {whose} {}", found.instance)?;
    writeln!(
        out,
        "made      {} by version {}",
        utc(found.created_time_stamp),
        found.product_version
    )?;
    let head = &found.revision;
    writeln!(out, "revision  {} ({})", head.number, head.hash)?;
    writeln!(
        out,
        "holds     {} subaccounts with {} client certificates, {} mappings with {} resources, \
         {} operators, {} secrets, {} revisions{}",
        found.subaccounts,
        found.enrolments,
        found.mappings,
        found.resources,
        found.operators,
        found.secrets,
        found.revisions,
        if found.machine {
            ", and what belongs to the host"
        } else {
            ""
        }
    )?;
    writeln!(out, "a restore here would change {} things", found.changes)?;
    for warning in &found.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    for one in &found.adaptations {
        writeln!(out, "look at {}: {}; {}", one.place, one.text, one.remedy)?;
    }
    match &found.refused {
        Some(why) => writeln!(out, "a restore here would be refused: {why}"),
        None => Ok(()),
    }
}

/// Opens the file of an archive, which is not longer than any of ours; how long it is.
pub(super) fn open(path: &Path) -> anyhow::Result<(File, u64)> {
    let unread = || format!("cannot read {}", path.display());
    let most = u64::try_from(ARCHIVE_MAX)?;
    let mut file = File::open(path).with_context(unread)?;
    if !file.metadata().with_context(unread)?.is_file() {
        // The length of what comes through a pipe is not known before its end.
        let mut copy = file::nameless(&env::temp_dir())?;
        io::copy(&mut file.take(most + 1), &mut copy).with_context(unread)?;
        copy.rewind()?;
        file = copy;
    }
    let len = file.metadata().with_context(unread)?.len();
    ensure!(
        len <= most,
        "{} has more than the {ARCHIVE_MAX} bytes that a backup may have",
        path.display()
    );
    Ok((file, len))
}
