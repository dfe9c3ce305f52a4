//! The commands that administer an agent, whether it runs or not.

use std::io::Write;

use clap::Subcommand;
use underpass_shared::api::management::Verb;

use super::client::{Client, Needs};
use super::output::Output;
use super::{
    Common, alert, audit, backup, certificate, diagnosis, document, drain, enrol, events, files,
    heartbeat, history, log_file, logs, mapping, operator, pair, proxy, requests, resource,
    restore, revision, security, status, subaccount, target, trace, trial, trust, usage,
};

/// Commands that administer an agent, whether it runs or not.
#[derive(Debug, Subcommand)]
pub enum Administer {
    /// Connect this agent to a subaccount, with a token from the gateway.
    #[command(after_help = enrol::EXAMPLE)]
    Enrol(enrol::Redeem),
    /// Show whether the agent runs and which tunnels are up.
    #[command(after_help = "Example:\n  underpass-agent status --json | jq .links")]
    Status,
    /// Make a backup of the whole agent, verify one, or have them made by a schedule.
    #[command(after_help = backup::EXAMPLE, subcommand_negates_reqs = true)]
    Backup {
        #[command(flatten)]
        wanted: backup::Wanted,
        #[command(subcommand)]
        action: Option<backup::Action>,
    },
    /// List, connect, disconnect or remove subaccounts.
    #[command(subcommand, after_help = subaccount::EXAMPLE)]
    Subaccount(subaccount::Action),
    /// Say which internal systems cloud applications can ask for, and under which names.
    #[command(subcommand, after_help = mapping::EXAMPLE)]
    Mapping(mapping::Action),
    /// Say what of a mapped system may be called; nothing may without a resource.
    #[command(subcommand, after_help = resource::EXAMPLE)]
    Resource(resource::Action),
    /// Say which guarded addresses, such as those of this host, mappings may lead to; none by default.
    #[command(subcommand, after_help = target::EXAMPLE)]
    Target(target::Action),
    /// Say which certificates of back ends are trusted; none are without an entry.
    #[command(subcommand, after_help = trust::EXAMPLE)]
    Trust(trust::Action),
    /// Make, import, show or remove the agent's own certificates.
    #[command(subcommand, after_help = certificate::EXAMPLE)]
    Certificate(certificate::Action),
    /// Set, show or remove the HTTP proxy on the way out to the gateways.
    #[command(subcommand, after_help = proxy::EXAMPLE)]
    Proxy(proxy::Action),
    /// Set, show or end the heartbeat, by which a monitor outside hears of this agent.
    #[command(subcommand, after_help = heartbeat::EXAMPLE)]
    Heartbeat(heartbeat::Action),
    /// Let a client on another host manage this agent, by a string that is good once.
    #[command(after_help = pair::EXAMPLE)]
    Pair(pair::Invite),
    /// Say who may manage this agent from other hosts.
    #[command(subcommand, after_help = operator::EXAMPLE)]
    Operator(operator::Action),
    /// Show or replace the whole configuration document.
    #[command(subcommand, after_help = document::EXAMPLE)]
    Document(document::Action),
    /// Write the configuration into a folder of files, for version control; they hold no secrets.
    #[command(after_help = files::EXAMPLE)]
    Export(files::Export),
    /// Make such a folder the next revision; nothing changes when it is not valid.
    #[command(after_help = files::APPLY_EXAMPLE)]
    Apply(files::Apply),
    /// Show, export and verify the record of who did what, and of denied requests.
    #[command(subcommand, after_help = audit::EXAMPLE)]
    Audit(audit::Action),
    /// Show what is wrong, take note of it or silence it, and say when alerts are raised.
    #[command(subcommand, after_help = alert::EXAMPLE)]
    Alert(alert::Action),
    /// Rate what matters for security, and say what to do about it.
    #[command(after_help = security::EXAMPLE)]
    SecurityStatus,
    /// Print what happens: tunnels, changes, warnings.
    #[command(after_help = events::EXAMPLE)]
    Events,
    /// Print the newest lines of the log, and further ones as they are written.
    #[command(after_help = logs::EXAMPLE)]
    Logs(logs::Which),
    /// Show the requests that ended last or took longest, and how long they took.
    #[command(subcommand, after_help = requests::EXAMPLE)]
    Requests(requests::Action),
    /// Show how much mappings and resources are used, and which never were.
    #[command(after_help = usage::EXAMPLE)]
    Usage {
        /// Only what was never used.
        #[arg(long)]
        unused: bool,
    },
    /// Show what goes wrong, with causes and what to do.
    #[command(subcommand, after_help = diagnosis::EXAMPLE)]
    Diagnosis(diagnosis::Action),
    /// Ask for, approve and read traces of payload.
    #[command(subcommand, after_help = trace::EXAMPLE)]
    Trace(trace::Action),
    /// List, read and delete the files of the log.
    #[command(subcommand, after_help = log_file::EXAMPLE)]
    LogFile(log_file::Action),
    /// Show what was measured: requests, durations, bytes, memory and more, up to two years back.
    #[command(after_help = history::EXAMPLE)]
    History(history::Which),
    /// Close all tunnels when their requests have ended, until `undrain` or a restart.
    #[command(after_help = drain::EXAMPLE)]
    Drain {
        /// End when all tunnels are closed.
        #[arg(long)]
        wait: bool,
    },
    /// Open the tunnels again after `drain`.
    #[command(after_help = "Example:\n  underpass-agent undrain")]
    Undrain,
    /// End the agent in order, so that its service manager starts it again.
    #[command(after_help = "Example:\n  underpass-agent restart")]
    Restart,
    /// Let changes stay that were made with `--confirm-within`.
    #[command(after_help = trial::EXAMPLE)]
    Confirm,
    /// Take changes back at once that were made with `--confirm-within`.
    #[command(after_help = "Example:\n  underpass-agent revert")]
    Revert,
    /// Restore a backup: show its plan, then make it the present state; or take the last one back.
    #[command(after_help = restore::EXAMPLE)]
    Restore(restore::Restoration),
    /// Show who changed what, and undo a change.
    #[command(subcommand, after_help = revision::EXAMPLE)]
    Revision(revision::Action),
}

impl Administer {
    /// What of an agent has to be there.
    const fn needs(&self) -> Needs {
        let begins = matches!(
            self,
            Self::Enrol(_)
                | Self::Operator(operator::Action::Issue { .. })
                | Self::Document(document::Action::Apply { .. })
                | Self::Apply(_)
        );
        if begins {
            Needs::Nothing
        } else if matches!(self, Self::Status) {
            Needs::Running
        } else {
            Needs::Agent
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// What the agent refuses, or why it cannot be reached.
    pub async fn run(self, common: Common, out: &mut dyn Write) -> anyhow::Result<()> {
        let Common { data_dir, json } = common;
        let out = &mut Output { json, out };
        if let Self::Proxy(proxy::Action::Test(test)) = &self {
            return test.run(&data_dir, out).await;
        }
        if let Self::Audit(audit::Action::Verify { dir, key, anchor }) = &self
            && let Some(dir) = dir
        {
            return audit::verify_dir(dir, key.clone(), *anchor, out);
        }
        let looks = matches!(&self, Self::Restore(restore) if restore.takes_a_file());
        let client = if looks {
            Client::look(&data_dir).await?
        } else {
            Client::open(&data_dir, self.needs()).await?
        };
        match self {
            Self::Status => status::show(&client, out).await,
            Self::Enrol(enrol) => enrol::enrol(&client, enrol, out).await,
            Self::Backup { wanted, action } => backup::run(&client, action, wanted, out).await,
            Self::Subaccount(action) => subaccount::run(&client, action, out).await,
            Self::Mapping(action) => mapping::run(&client, action, out).await,
            Self::Resource(action) => resource::run(&client, action, out).await,
            Self::Target(action) => target::run(&client, action, out).await,
            Self::Trust(action) => trust::run(&client, action, out).await,
            Self::Certificate(action) => certificate::run(&client, action, out).await,
            Self::Proxy(action) => proxy::run(&client, action, out).await,
            Self::Heartbeat(action) => heartbeat::run(&client, action, out).await,
            Self::Pair(pair) => pair::run(&client, pair, out).await,
            Self::Operator(action) => operator::run(&client, action, out).await,
            Self::Document(action) => document::run(&client, action, out).await,
            Self::Export(export) => files::export(&client, &export, out).await,
            Self::Apply(apply) => files::apply(&client, apply, out).await,
            Self::Audit(action) => audit::run(&client, action, out).await,
            Self::Alert(action) => alert::run(&client, action, out).await,
            Self::SecurityStatus => security::show(&client, out).await,
            Self::Events => events::follow(&client, out).await,
            Self::Diagnosis(action) => diagnosis::run(&client, action, out).await,
            Self::LogFile(action) => log_file::run(&client, action, out).await,
            Self::Trace(action) => trace::run(&client, action, out).await,
            Self::Logs(which) => logs::show(&client, which, out).await,
            Self::Requests(action) => requests::run(&client, action, out).await,
            Self::History(which) => history::show(&client, which, out).await,
            Self::Usage { unused } => usage::show(&client, unused, out).await,
            Self::Drain { wait } => drain::begin(&client, wait, out).await,
            Self::Undrain => drain::end(&client, out).await,
            Self::Restart => drain::restart(&client, out).await,
            Self::Confirm => trial::end(&client, Verb::Post, out).await,
            Self::Revert => trial::end(&client, Verb::Delete, out).await,
            Self::Restore(restore) => restore::run(&client, restore, out).await,
            Self::Revision(action) => revision::run(&client, action, out).await,
        }
    }
}
