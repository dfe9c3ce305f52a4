//! The command line of the agent.

pub mod alert;
pub mod audit;
pub mod backup;
pub mod certificate;
mod check;
mod client;
pub mod diagnosis;
pub mod document;
mod drain;
pub mod enrol;
mod events;
pub mod files;
mod form;
pub mod heartbeat;
pub mod history;
mod import;
pub mod log_file;
pub mod logs;
pub mod mapping;
pub mod operator;
mod output;
pub mod pair;
pub mod passphrase;
pub mod proxy;
pub mod requests;
pub mod resource;
pub mod revision;
mod security;
pub mod select;
mod status;
pub mod subaccount;
pub mod trace;
mod trial;
pub mod trust;
mod usage;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use underpass_runtime::tls::OldestTls;
use underpass_shared::api::management::{Query, Verb};
use underpass_shared::config::ConfirmWithin;
use underpass_shared::id::RegionHost;

use self::client::{Client, Missing};
use self::output::Output;
use crate::management;

const EXAMPLES: &str = "\
First steps:
  underpass-agent enrol TOKEN                 # from `underpass-gateway enrol-token create`
  underpass-agent run                         # or: systemctl start underpass-agent
  underpass-agent mapping add erp.virtual:80 erp.corp.example:8000 --backend-type abapSys
  underpass-agent resource add erp.virtual:80 /sap/opu/odata
  underpass-agent status

All commands work while the agent runs, and take effect at once. They reach it over a socket in
its data directory, as root, as the agent's own user or as a member of the operators' group. While
the agent is stopped they work on the data directory itself, as the agent's own user.";

/// On-premise end of Underpass: dials out to a gateway and lets through what its access control allows.
#[derive(Debug, Parser)]
#[command(name = "underpass-agent", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Directory of the agent's configuration, keys and state.
    #[arg(
        long,
        global = true,
        env = "UNDERPASS_DATA_DIR",
        default_value = "/var/lib/underpass"
    )]
    pub data_dir: PathBuf,
    /// Answer with JSON, for scripts.
    #[arg(long, global = true)]
    pub json: bool,
}

/// Options of the management API.
#[derive(Args, Clone, Debug)]
pub struct Management {
    /// Address of the management API; repeat it for several. All addresses of the host with port
    /// 8443 if there is none.
    #[arg(
        long,
        env = "UNDERPASS_MANAGEMENT_LISTEN",
        value_name = "ADDRESS:PORT",
        value_delimiter = ','
    )]
    pub management_listen: Vec<SocketAddr>,
    /// Speak TLS 1.2 too, for old automation.
    #[arg(long, env = "UNDERPASS_MANAGEMENT_TLS12")]
    pub management_tls12: bool,
    /// Signing request (PKCS#10, PEM) of the first Administrator, for unattended installations;
    /// used only while there is no operator. The certificate is put into
    /// `tls/first-administrator.pem` of the data directory.
    #[arg(long, env = "UNDERPASS_FIRST_ADMINISTRATOR", value_name = "FILE")]
    pub first_administrator: Option<PathBuf>,
}

impl From<Management> for management::Options {
    fn from(given: Management) -> Self {
        let Management {
            management_listen,
            management_tls12,
            first_administrator: _,
        } = given;
        Self {
            listen: management_listen,
            oldest: if management_tls12 {
                OldestTls::Tls12
            } else {
                OldestTls::Tls13
            },
        }
    }
}

/// An option of commands that change something.
#[derive(Args, Clone, Copy, Debug)]
pub struct DryRun {
    /// Show what would change, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Take the change back after so many seconds (10 to 3600), unless `confirm` comes before.
    #[arg(long, value_name = "SECONDS", conflicts_with = "dry_run")]
    pub confirm_within: Option<ConfirmWithin>,
}

impl DryRun {
    fn put(self, query: &mut Query) {
        query.dry_run = self.dry_run;
        query.confirm_within = self.confirm_within;
    }
}

/// An option of commands that may bring back an older state.
#[derive(Args, Clone, Copy, Debug)]
pub struct Readmit {
    /// Let operators come back who were removed; their certificates then work again.
    #[arg(long)]
    pub readmit_operators: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the agent until it is told to stop (SIGTERM or Ctrl-C); running requests may finish.
    Run {
        #[command(flatten)]
        common: Common,
        /// Level of the log, or a filter such as `info,underpass_agent=debug`.
        #[arg(long, env = "UNDERPASS_LOG", default_value = "info")]
        log: String,
        /// Write the log as JSON lines.
        #[arg(long, env = "UNDERPASS_LOG_JSON")]
        log_json: bool,
        /// Group whose members may administer the running agent; `underpass-operators` if it exists.
        #[arg(long, env = "UNDERPASS_OPERATORS_GROUP", value_name = "GROUP")]
        operators_group: Option<String>,
        /// A service manager starts the agent again whenever it ends with a failure; `restart` then
        /// ends it in order, with the exit code 75. The packaged service says so.
        #[arg(long, env = "UNDERPASS_RESTARTED")]
        restarted: bool,
        #[command(flatten)]
        management: Management,
    },
    /// Check all that the agent needs, before it runs or when something is wrong; changes nothing.
    ///
    /// Names, proxy, TCP and TLS to the gateway, clock, disk, rights, limits. Fails if a check does.
    #[command(after_help = "Example:\n  underpass-agent doctor --host gateway.example.com")]
    Doctor {
        #[command(flatten)]
        common: Common,
        /// Check the way to this gateway alone, enrolled with it or not.
        #[arg(long, value_name = "HOST[:PORT]")]
        host: Option<RegionHost>,
    },
    /// Commands that administer an agent.
    #[command(flatten)]
    Administer(Administer),
}

/// Commands that administer an agent, whether it runs or not.
#[derive(Debug, Subcommand)]
pub enum Administer {
    /// Connect this agent to a subaccount, with a token from the gateway.
    #[command(after_help = enrol::EXAMPLE)]
    Enrol {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        enrol: enrol::Redeem,
    },
    /// Show whether the agent runs and which tunnels are up.
    #[command(after_help = "Example:\n  underpass-agent status --json | jq .links")]
    Status {
        #[command(flatten)]
        common: Common,
    },
    /// Make a backup of the whole agent, or verify one.
    #[command(after_help = backup::EXAMPLE, subcommand_negates_reqs = true)]
    Backup {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        wanted: backup::Wanted,
        #[command(subcommand)]
        action: Option<backup::Action>,
    },
    /// List, connect, disconnect or remove subaccounts.
    #[command(after_help = subaccount::EXAMPLE)]
    Subaccount {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: subaccount::Action,
    },
    /// Say which internal systems cloud applications can ask for, and under which names.
    #[command(after_help = mapping::EXAMPLE)]
    Mapping {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: mapping::Action,
    },
    /// Say what of a mapped system may be called; nothing may without a resource.
    #[command(after_help = resource::EXAMPLE)]
    Resource {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: resource::Action,
    },
    /// Say which certificates of back ends are trusted; none are without an entry.
    #[command(after_help = trust::EXAMPLE)]
    Trust {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: trust::Action,
    },
    /// Make, import, show or remove the agent's own certificates.
    #[command(after_help = certificate::EXAMPLE)]
    Certificate {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: certificate::Action,
    },
    /// Set, show or remove the HTTP proxy on the way out to the gateways.
    #[command(after_help = proxy::EXAMPLE)]
    Proxy {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: proxy::Action,
    },
    /// Set, show or end the heartbeat, by which a monitor outside hears of this agent.
    #[command(after_help = heartbeat::EXAMPLE)]
    Heartbeat {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: heartbeat::Action,
    },
    /// Let a client on another host manage this agent, by a string that is good once.
    #[command(after_help = pair::EXAMPLE)]
    Pair {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        pair: pair::Invite,
    },
    /// Say who may manage this agent from other hosts.
    #[command(after_help = operator::EXAMPLE)]
    Operator {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: operator::Action,
    },
    /// Show or replace the whole configuration document.
    #[command(after_help = document::EXAMPLE)]
    Document {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: document::Action,
    },
    /// Write the configuration into a folder of files, for version control; they hold no secrets.
    #[command(after_help = files::EXAMPLE)]
    Export {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        export: files::Export,
    },
    /// Make such a folder the next revision; nothing changes when it is not valid.
    #[command(after_help = files::EXAMPLE)]
    Apply {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        apply: files::Apply,
    },
    /// Show, export and verify the record of who did what, and of denied requests.
    #[command(after_help = audit::EXAMPLE)]
    Audit {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: audit::Action,
    },
    /// Show what is wrong, take note of it or silence it, and say when alerts are raised.
    #[command(after_help = alert::EXAMPLE)]
    Alert {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: alert::Action,
    },
    /// Rate what matters for security, and say what to do about it.
    #[command(after_help = security::EXAMPLE)]
    SecurityStatus {
        #[command(flatten)]
        common: Common,
    },
    /// Print what happens: tunnels, changes, warnings.
    #[command(after_help = events::EXAMPLE)]
    Events {
        #[command(flatten)]
        common: Common,
    },
    /// Print the newest lines of the log, and further ones as they are written.
    #[command(after_help = logs::EXAMPLE)]
    Logs {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        which: logs::Which,
    },
    /// Show the requests that ended last or took longest, and how long they took.
    #[command(after_help = requests::EXAMPLE)]
    Requests {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: requests::Action,
    },
    /// Show how much mappings and resources are used, and which never were.
    #[command(after_help = usage::EXAMPLE)]
    Usage {
        #[command(flatten)]
        common: Common,
        /// Only what was never used.
        #[arg(long)]
        unused: bool,
    },
    /// Show what goes wrong, with causes and what to do.
    #[command(after_help = diagnosis::EXAMPLE)]
    Diagnosis {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: diagnosis::Action,
    },
    /// Ask for, approve and read traces of payload.
    #[command(after_help = trace::EXAMPLE)]
    Trace {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: trace::Action,
    },
    /// List, read and delete the files of the log.
    #[command(after_help = log_file::EXAMPLE)]
    LogFile {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: log_file::Action,
    },
    /// Show what was measured: requests, durations, bytes, memory and more, up to two years back.
    #[command(after_help = history::EXAMPLE)]
    History {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        which: history::Which,
    },
    /// Close all tunnels when their requests have ended, until `undrain` or a restart.
    #[command(after_help = drain::EXAMPLE)]
    Drain {
        #[command(flatten)]
        common: Common,
        /// End when all tunnels are closed.
        #[arg(long)]
        wait: bool,
    },
    /// Open the tunnels again after `drain`.
    #[command(after_help = "Example:\n  underpass-agent undrain")]
    Undrain {
        #[command(flatten)]
        common: Common,
    },
    /// End the agent in order, so that its service manager starts it again.
    #[command(after_help = "Example:\n  underpass-agent restart")]
    Restart {
        #[command(flatten)]
        common: Common,
    },
    /// Let changes stay that were made with `--confirm-within`.
    #[command(after_help = trial::EXAMPLE)]
    Confirm {
        #[command(flatten)]
        common: Common,
    },
    /// Take changes back at once that were made with `--confirm-within`.
    #[command(after_help = "Example:\n  underpass-agent revert")]
    Revert {
        #[command(flatten)]
        common: Common,
    },
    /// Show who changed what, and undo a change.
    #[command(after_help = revision::EXAMPLE)]
    Revision {
        #[command(flatten)]
        common: Common,
        #[command(subcommand)]
        action: revision::Action,
    },
}

impl Administer {
    const fn common(&self) -> &Common {
        match self {
            Self::Enrol { common, .. }
            | Self::Status { common }
            | Self::Subaccount { common, .. }
            | Self::Mapping { common, .. }
            | Self::Resource { common, .. }
            | Self::Trust { common, .. }
            | Self::Certificate { common, .. }
            | Self::Proxy { common, .. }
            | Self::Heartbeat { common, .. }
            | Self::Pair { common, .. }
            | Self::Operator { common, .. }
            | Self::Document { common, .. }
            | Self::Export { common, .. }
            | Self::Apply { common, .. }
            | Self::Audit { common, .. }
            | Self::Backup { common, .. }
            | Self::Alert { common, .. }
            | Self::SecurityStatus { common }
            | Self::Events { common }
            | Self::Logs { common, .. }
            | Self::Requests { common, .. }
            | Self::Usage { common, .. }
            | Self::Diagnosis { common, .. }
            | Self::LogFile { common, .. }
            | Self::Trace { common, .. }
            | Self::History { common, .. }
            | Self::Drain { common, .. }
            | Self::Undrain { common }
            | Self::Restart { common }
            | Self::Confirm { common }
            | Self::Revert { common }
            | Self::Revision { common, .. } => common,
        }
    }

    /// Whether it may begin in a directory where no agent was yet.
    const fn missing(&self) -> Missing {
        match self {
            Self::Enrol { .. }
            | Self::Operator {
                action: operator::Action::Issue { .. },
                ..
            }
            | Self::Document {
                action: document::Action::Apply { .. },
                ..
            }
            | Self::Apply { .. } => Missing::Create,
            Self::Status { .. }
            | Self::Subaccount { .. }
            | Self::Mapping { .. }
            | Self::Resource { .. }
            | Self::Trust { .. }
            | Self::Certificate { .. }
            | Self::Proxy { .. }
            | Self::Heartbeat { .. }
            | Self::Pair { .. }
            | Self::Operator { .. }
            | Self::Document { .. }
            | Self::Export { .. }
            | Self::Audit { .. }
            | Self::Backup { .. }
            | Self::Alert { .. }
            | Self::SecurityStatus { .. }
            | Self::Events { .. }
            | Self::Logs { .. }
            | Self::Requests { .. }
            | Self::Usage { .. }
            | Self::Diagnosis { .. }
            | Self::LogFile { .. }
            | Self::Trace { .. }
            | Self::History { .. }
            | Self::Drain { .. }
            | Self::Undrain { .. }
            | Self::Restart { .. }
            | Self::Confirm { .. }
            | Self::Revert { .. }
            | Self::Revision { .. } => Missing::Refuse,
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// What the agent refuses, or why it cannot be reached.
    pub async fn run(mut self, out: &mut dyn Write) -> anyhow::Result<()> {
        let Common { data_dir, json } = self.common().clone();
        let mut out = Output { json, out };
        if let Self::Status { .. } = self {
            return status::show(&Client::running(&data_dir).await?, &mut out).await;
        }
        if let Self::Audit { action, .. } = &mut self
            && let audit::Action::Verify {
                dir: Some(dir),
                key,
                anchor,
            } = action
        {
            let keys = std::mem::take(key);
            return audit::verify_dir(dir, keys, *anchor, &mut out);
        }
        if let Self::Proxy {
            action: proxy::Action::Test(test),
            ..
        } = &self
        {
            return test.run(&data_dir, &mut out).await;
        }
        let client = Client::open(&data_dir, self.missing()).await?;
        match self {
            Self::Status { .. } => Ok(()),
            Self::Enrol { enrol, .. } => enrol::enrol(&client, enrol, &mut out).await,
            Self::Subaccount { action, .. } => subaccount::run(&client, action, &mut out).await,
            Self::Mapping { action, .. } => mapping::run(&client, action, &mut out).await,
            Self::Resource { action, .. } => resource::run(&client, action, &mut out).await,
            Self::Trust { action, .. } => trust::run(&client, action, &mut out).await,
            Self::Certificate { action, .. } => certificate::run(&client, action, &mut out).await,
            Self::Proxy { action, .. } => proxy::run(&client, action, &mut out).await,
            Self::Heartbeat { action, .. } => heartbeat::run(&client, action, &mut out).await,
            Self::Pair { pair, .. } => pair::run(&client, pair, &mut out).await,
            Self::Operator { action, .. } => operator::run(&client, action, &mut out).await,
            Self::Document { action, .. } => document::run(&client, action, &mut out).await,
            Self::Export { export, .. } => files::export(&client, &export, &mut out).await,
            Self::Apply { apply, .. } => files::apply(&client, apply, &mut out).await,
            Self::Audit { action, .. } => audit::run(&client, action, &mut out).await,
            Self::Backup { action, wanted, .. } => {
                backup::run(&client, action, wanted, &mut out).await
            }
            Self::Alert { action, .. } => alert::run(&client, action, &mut out).await,
            Self::SecurityStatus { .. } => security::show(&client, &mut out).await,
            Self::Events { .. } => events::follow(&client, &mut out).await,
            Self::Diagnosis { action, .. } => diagnosis::run(&client, action, &mut out).await,
            Self::LogFile { action, .. } => log_file::run(&client, action, &mut out).await,
            Self::Trace { action, .. } => trace::run(&client, action, &mut out).await,
            Self::Logs { which, .. } => logs::show(&client, which, &mut out).await,
            Self::Requests { action, .. } => requests::run(&client, action, &mut out).await,
            Self::History { which, .. } => history::show(&client, which, &mut out).await,
            Self::Usage { unused, .. } => usage::show(&client, unused, &mut out).await,
            Self::Drain { wait, .. } => drain::begin(&client, wait, &mut out).await,
            Self::Undrain { .. } => drain::end(&client, &mut out).await,
            Self::Restart { .. } => drain::restart(&client, &mut out).await,
            Self::Confirm { .. } => trial::end(&client, Verb::Post, &mut out).await,
            Self::Revert { .. } => trial::end(&client, Verb::Delete, &mut out).await,
            Self::Revision { action, .. } => revision::run(&client, action, &mut out).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_fit_together_and_teach() {
        let mut cli = Cli::command();
        cli.clone().debug_assert();
        cli.build();
        let mut open: Vec<&clap::Command> = cli.get_subcommands().collect();
        while let Some(command) = open.pop() {
            let name = command.get_name();
            if matches!(name, "help" | "run") {
                continue;
            }
            assert!(command.get_about().is_some(), "{name} says nothing");
            let help = command.get_after_help().map(ToString::to_string);
            let example = help.is_some_and(|help| help.contains("underpass-agent"));
            assert!(example, "{name} has no example");
            open.extend(command.get_subcommands());
        }
    }
}
