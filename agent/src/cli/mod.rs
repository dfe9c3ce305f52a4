//! The command line of the agent.

mod administer;
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
pub mod heartbeat;
pub mod history;
mod import;
mod input;
pub mod log_file;
pub mod logs;
pub mod mapping;
pub mod operator;
mod options;
mod output;
pub mod pair;
pub mod passphrase;
pub mod proxy;
pub mod requests;
pub mod resource;
pub mod restore;
pub mod revision;
pub mod schedule;
mod security;
pub mod select;
mod status;
pub mod subaccount;
pub mod target;
pub mod trace;
mod trial;
pub mod trust;
mod usage;

use clap::{Parser, Subcommand};
use underpass_shared::id::RegionHost;

pub use self::administer::Administer;
pub use self::options::{Common, DryRun, Management, Preview, Readmit};

const EXAMPLES: &str = "\
First steps:
  underpass-agent enrol TOKEN                 # from `underpass-gateway enrol-token create`
  underpass-agent run                         # or: systemctl start underpass-agent
  underpass-agent mapping add erp.virtual:80 erp.corp.example:8000 --backend-type abapSys
  underpass-agent resource add erp.virtual:80 /sap/opu/odata
  underpass-agent status

All commands work while the agent runs, and take effect at once. They reach it over a socket in
its data directory, as root, as the agent's own user or as a member of the operators' group. While
the agent is stopped, those that show or change its configuration work on the data directory itself,
as the agent's own user; so do the audit log and backups. What a running agent does is told by a
running agent alone.";

/// On-premise end of Underpass: dials out to a gateway and lets through what its access control allows.
#[derive(Debug, Parser)]
#[command(name = "underpass-agent", version, after_help = EXAMPLES)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the agent until it is told to stop (SIGTERM or Ctrl-C); running requests may finish.
    Run {
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
        /// Check the way to this gateway alone, enrolled with it or not.
        #[arg(long, value_name = "HOST[:PORT]")]
        host: Option<RegionHost>,
    },
    /// Commands that administer an agent.
    #[command(flatten)]
    Administer(Administer),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn options_of_every_command_go_anywhere() {
        for line in [
            "underpass-agent --json --data-dir /d status",
            "underpass-agent status --data-dir /d --json",
            "underpass-agent --json mapping list --data-dir /d",
        ] {
            let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
            assert!(cli.common.json, "{line}");
            assert_eq!(cli.common.data_dir.to_str(), Some("/d"), "{line}");
        }
    }

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
