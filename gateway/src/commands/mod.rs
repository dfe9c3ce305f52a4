//! The offline commands. They open the data directory themselves, beside a running server.

mod agents;
mod alerts;
mod backup;
mod binding;
mod enrol_token;
mod handovers;
mod log_level;
mod probe;
mod revoke;
mod status;
mod subaccount;
#[cfg(test)]
mod tests;
mod times;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::cli::{BindingCommand, EnrolTokenCommand, Global, Offline, SubaccountCommand};
use crate::directory::{Directory, Index, Settings, Subaccount};
use crate::state::{State, StoreClock};

/// The gateway's CA certificate in the data directory.
pub const CA_CERTIFICATE_FILE: &str = "tls/ca.pem";
/// The state store in the data directory.
pub const STATE_FILE: &str = "state.db";

const START_ONCE: &str = "start the gateway once with `underpass-gateway serve`";

/// Runs one command and writes its answer to `out`.
pub async fn run(global: &Global, command: &Offline, out: &mut dyn Write) -> anyhow::Result<()> {
    let work = Work {
        global,
        now_ms: underpass_runtime::clock::wall_ms(),
        out,
    };
    match command {
        Offline::Subaccount(SubaccountCommand::Add { name, id }) => {
            subaccount::add(work, name, *id).await
        }
        Offline::Subaccount(SubaccountCommand::List) => subaccount::list(work).await,
        Offline::Subaccount(SubaccountCommand::Remove { subaccount, yes }) => {
            subaccount::remove(work, subaccount, *yes).await
        }
        Offline::EnrolToken(EnrolTokenCommand::Create(options)) => {
            enrol_token::create(work, options).await
        }
        Offline::Binding(BindingCommand::Create { subaccount }) => {
            binding::create(work, subaccount).await
        }
        Offline::Binding(BindingCommand::List { subaccount }) => {
            binding::list(work, subaccount.as_deref()).await
        }
        Offline::Binding(BindingCommand::Remove { client_id }) => {
            binding::remove(work, client_id).await
        }
        Offline::Revoke(options) => revoke::run(work, options.instance).await,
        Offline::Test(options) => probe::run(work, options).await,
        Offline::Backup(options) => backup::create(work, options).await,
        Offline::Restore(options) => backup::restore(work, options).await,
        Offline::Agents => agents::agents(work).await,
        Offline::Replace(options) => agents::replace(work, options).await,
        Offline::Handovers { all } => handovers::list(work, *all).await,
        Offline::Traffic => agents::traffic(work).await,
        Offline::Alerts(command) => alerts::run(work, command).await,
        Offline::LogLevel(command) => log_level::run(work, command).await,
        Offline::Status => status::show(work).await,
    }
}

/// What every command works with.
struct Work<'a> {
    global: &'a Global,
    now_ms: i64,
    out: &'a mut dyn Write,
}

impl Work<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.global.data_dir.join(name)
    }

    /// Opens the state, which a mistyped directory must not create.
    async fn existing(&self) -> anyhow::Result<Directory> {
        let path = self.path(STATE_FILE);
        if !path.is_file() {
            bail!(
                "there is no gateway in {}; give its --data-dir, or {START_ONCE}",
                self.global.data_dir.display()
            );
        }
        crate::backup::restore::refuse_unfinished(&self.global.data_dir)?;
        open(&path).await
    }

    /// Opens the state or creates it, which is said: the directory may be mistyped.
    async fn directory(&self) -> anyhow::Result<Directory> {
        crate::backup::restore::refuse_unfinished(&self.global.data_dir)?;
        let path = self.path(STATE_FILE);
        let is_new = !path.is_file();
        let directory = open(&path).await?;
        if is_new {
            writeln!(
                io::stderr(),
                "there was no gateway in {}; this began one",
                self.global.data_dir.display()
            )?;
        }
        Ok(directory)
    }

    fn answer(
        &mut self,
        json: &impl Serialize,
        human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        if self.global.json {
            writeln!(self.out, "{}", serde_json::to_string(json)?)?;
        } else {
            human(self.out)?;
        }
        Ok(self.out.flush()?)
    }
}

async fn open(path: &Path) -> anyhow::Result<Directory> {
    let state = State::sqlite(path, StoreClock::system());
    let state = state.with_context(|| format!("cannot open {}", path.display()))?;
    Directory::open(state)
        .await
        .with_context(|| format!("cannot read {}", path.display()))
}

fn find(index: &Index, text: &str) -> anyhow::Result<Arc<Subaccount>> {
    index.find_subaccount(text).cloned().with_context(|| {
        format!("there is no subaccount \"{text}\"; see `underpass-gateway subaccount list`")
    })
}

fn settings(index: &Index) -> anyhow::Result<Arc<Settings>> {
    let missing = || format!("the gateway's addresses are not known yet; {START_ONCE}");
    index.settings().cloned().with_context(missing)
}
