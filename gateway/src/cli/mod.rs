//! The command line.

mod serve;
#[cfg(test)]
mod tests;
mod value;

pub use serve::Serve;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use underpass_alerting::Channel;
use underpass_shared::id::{InstanceId, LocationId, SubaccountId};
use uuid::Uuid;

pub(crate) use self::value::parse_time;
use self::value::{parse_life, parse_silence, parse_url};

/// Where the service keeps its data.
pub const DATA_DIR: &str = if cfg!(windows) {
    r"C:\ProgramData\Underpass Gateway"
} else {
    "/var/lib/underpass-gateway"
};

const EXAMPLES: &str = "\
First steps:
  underpass-gateway serve --region-host gateway.example.com
  underpass-gateway subaccount add acme
  underpass-gateway enrol-token create --subaccount acme     # give the token to the agent
  underpass-gateway binding create --subaccount acme         # give the JSON to the application
  underpass-gateway status

All commands but `serve` work on the data directory, whether the server runs or not. A running
server sees their changes within a second. Run them as the user of the server.";

/// The cloud end of Underpass: takes the tunnels of agents and the requests of applications.
#[derive(Debug, Parser)]
#[command(name = "underpass-gateway", version, after_help = EXAMPLES)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Directory of the gateway's state, keys and certificates
    #[arg(
        long, global = true, value_name = "DIR", default_value = DATA_DIR,
        env = "UNDERPASS_GATEWAY_DATA_DIR"
    )]
    pub data_dir: PathBuf,
    /// Answer with JSON, for scripts
    #[arg(long, global = true)]
    pub json: bool,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway until it is told to stop
    Serve(Serve),
    /// Commands that work on the data directory.
    #[command(flatten)]
    Offline(Offline),
}

/// Commands that work on the data directory, with or without a running server.
#[derive(Debug, Subcommand)]
pub enum Offline {
    /// Add, list or remove subaccounts, the tenants of this gateway
    #[command(subcommand)]
    Subaccount(SubaccountCommand),
    /// Create one-time tokens with which agents enrol
    #[command(subcommand)]
    EnrolToken(EnrolTokenCommand),
    /// Create, list or remove credentials with which applications call through the gateway
    #[command(subcommand)]
    Binding(BindingCommand),
    /// Revoke an agent: its tunnels end within seconds and its location ID becomes free
    #[command(after_help = "Example:\n  \
        underpass-gateway revoke --instance 0190a5a2-6d0e-7cc0-8000-000000000001\n\n\
        `underpass-gateway status` lists the instances.")]
    Revoke(Revoke),
    /// Send a request as an application would, and explain each step
    #[command(after_help = "Examples:\n  \
        underpass-gateway test --subaccount acme http://erp.virtual:8080/sap/bc/ping\n  \
        underpass-gateway test --subaccount acme --location-id site-b http://erp.virtual/ --json\n\n\
        The request goes through the running gateway's proxy port. The exit code is 0 when the \
        back end answered, whatever it said.")]
    Test(Probe),
    /// Write the whole gateway into one encrypted archive, while it runs or not
    #[command(after_help = "\
Example:
  underpass-gateway backup --passphrase-file /etc/underpass/backup-passphrase gateway.zip

The archive holds subaccounts, agents, bindings, the CA and the keys: with it a lost host is replaced
without enrolling agents anew. Enrolment tokens that are not used yet are left out. It is a zip with
MANIFEST.json (clear) and payload.age, which any `age` program opens with the passphrase.

The passphrase comes from --passphrase-file, else from UNDERPASS_BACKUP_PASSPHRASE in the
environment, else it is asked for.")]
    Backup(Backup),
    /// Put a backup back, into an empty data directory
    #[command(after_help = "\
Example:
  underpass-gateway restore --data-dir /var/lib/underpass-gateway gateway.zip
  underpass-gateway serve --region-host gateway.example.com

Everything is checked before anything changes. Run it as the user of the server, while no gateway
runs, then start the gateway with the name and ports that it had: agents come back by themselves.")]
    Restore(Restore),
    /// Show the agents as the running server sees them: state, version, address, connections
    #[command(after_help = "Example:\n  \
        underpass-gateway agents --json | jq '.agents[] | select(.state == \"absent\")'")]
    Agents,
    /// Let a copy of an agent that waits in quarantine serve, and put the agent there in its place
    #[command(after_help = "Example:\n  \
        underpass-gateway replace --instance 0190a5a2-6d0e-7cc0-8000-000000000001\n\n\
        `underpass-gateway agents` shows copies in quarantine. Where the first agent has ended, a \
        copy serves after some seconds by itself.")]
    Replace(Replace),
    /// List handovers: which agent hands its place to which other one, and how far that is
    #[command(after_help = "Examples:\n  underpass-gateway handovers\n  \
        underpass-gateway handovers --all --json\n\n\
        The agents, or `underpass migrate`, begin and end handovers; revoking the source ends its \
        own at once.")]
    Handovers {
        /// Those too that ended within a day
        #[arg(long)]
        all: bool,
    },
    /// Show what each subaccount used since the running server started
    #[command(after_help = "Example:\n  underpass-gateway traffic --json | jq .subaccounts")]
    Traffic,
    /// Show what is wrong, take note of it, and test how it is told
    #[command(subcommand)]
    Alerts(AlertsCommand),
    /// Show or change what the running server logs, at once and without a restart
    #[command(subcommand)]
    LogLevel(LogLevelCommand),
    /// Show subaccounts, agents and live tunnels
    #[command(after_help = "Example:\n  underpass-gateway status --json | jq .tunnels")]
    Status,
}

/// Tenants.
#[derive(Debug, Subcommand)]
pub enum SubaccountCommand {
    /// Add a subaccount
    #[command(after_help = "Examples:\n  underpass-gateway subaccount add acme\n  \
        underpass-gateway subaccount add acme --id 0190a5a2-6d0e-7cc0-8000-000000000001")]
    Add {
        /// Its display name, unique on this gateway
        name: String,
        /// Its GUID, for instance that of an SAP BTP subaccount; a new one by default
        #[arg(long, value_name = "GUID")]
        id: Option<SubaccountId>,
    },
    /// List all subaccounts
    List,
    /// Remove a subaccount with its agents and bindings: tunnels end and tokens die within seconds
    #[command(after_help = "Example:\n  \
        underpass-gateway subaccount remove acme --yes\n\n\
        Without --yes it only tells what would be removed. It cannot be undone: the agents have \
        to enrol anew.")]
    Remove {
        /// The subaccount, by name or GUID
        #[arg(value_name = "NAME|GUID")]
        subaccount: String,
        /// Really remove it
        #[arg(long)]
        yes: bool,
    },
}

/// Enrolment tokens.
#[derive(Debug, Subcommand)]
pub enum EnrolTokenCommand {
    /// Create a token that one agent may use once
    #[command(after_help = "Examples:\n  \
        underpass-gateway enrol-token create --subaccount acme\n  \
        underpass-gateway enrol-token create --subaccount acme --location-id site-b \
        --valid-for 2h\n\n\
        On the agent's host then: underpass-agent enrol TOKEN")]
    Create(EnrolTokenCreate),
}

/// Options of `enrol-token create`.
#[derive(Debug, Args)]
pub struct EnrolTokenCreate {
    /// The subaccount that the agent will serve, by name or GUID
    #[arg(long, value_name = "NAME|GUID")]
    pub subaccount: String,
    /// The location ID that the agent will have; without it the agent chooses
    #[arg(long, value_name = "ID")]
    pub location_id: Option<LocationId>,
    /// How long the token is good: a number with s, m, h or d, at most 24h
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = parse_life)]
    pub valid_for: Duration,
}

/// Alerts.
#[derive(Debug, Subcommand)]
pub enum AlertsCommand {
    /// List what is wrong now
    #[command(after_help = "Examples:\n  underpass-gateway alerts list\n  \
        underpass-gateway alerts list --history --json")]
    List {
        /// What was wrong and no longer is
        #[arg(long)]
        history: bool,
    },
    /// Take note of an alert: nobody is reminded of it any more
    #[command(visible_alias = "acknowledge")]
    Ack {
        /// Its number
        number: u64,
    },
    /// Tell nobody of an alert for a time, such as while an agent is meant to be away
    #[command(after_help = "Example:\n  underpass-gateway alerts silence 12 --for 2d")]
    Silence {
        /// Its number
        number: u64,
        /// For how long: a number with s, m, h or d, at most 366d
        #[arg(long = "for", value_name = "TIME", value_parser = parse_silence, required_unless_present = "end")]
        lasting: Option<Duration>,
        /// End the silence
        #[arg(long, conflicts_with = "lasting")]
        end: bool,
    },
    /// Send a test through one channel: mail, webhook:NAME or syslog:NAME
    #[command(after_help = "Example:\n  underpass-gateway alerts test webhook:ops")]
    Test {
        /// The channel
        channel: Channel,
    },
}

/// What is logged.
#[derive(Debug, Subcommand)]
pub enum LogLevelCommand {
    /// Show what is logged
    Show,
    /// Log something else, also after a restart
    #[command(after_help = "Examples:\n  \
        underpass-gateway log-level set debug --for 15m\n  \
        underpass-gateway log-level set info,underpass_gateway::tunnels=debug,h2=debug")]
    Set(LogLevelSet),
    /// Log what the server was started with (--log) again
    Reset,
}

/// Options of `log-level set`.
#[derive(Debug, Args)]
pub struct LogLevelSet {
    /// Level of the log, or levels by module such as `info,underpass_gateway=debug`
    #[arg(value_name = "FILTER")]
    pub filter: String,
    /// For how long: a number with s, m, h or d, at most 24h; without it until `log-level reset`
    #[arg(long = "for", value_name = "TIME", value_parser = parse_life)]
    pub lasting: Option<Duration>,
}

/// Bindings.
#[derive(Debug, Subcommand)]
pub enum BindingCommand {
    /// Create a binding and print its credentials; the secret is shown this once
    #[command(after_help = "Example:\n  \
        underpass-gateway binding create --subaccount acme > credentials.json\n\n\
        The JSON is the `credentials` object of a `connectivity` service in VCAP_SERVICES.")]
    Create {
        /// The subaccount to call into, by name or GUID
        #[arg(long, value_name = "NAME|GUID")]
        subaccount: String,
    },
    /// List the bindings: OAuth client id, subaccount, age. Secrets are not kept
    #[command(after_help = "Example:\n  underpass-gateway binding list --subaccount acme")]
    List {
        /// Those of this subaccount alone, by name or GUID
        #[arg(long, value_name = "NAME|GUID")]
        subaccount: Option<String>,
    },
    /// Remove a binding: its secret gets no token any more, and its tokens die within seconds
    #[command(after_help = "Example:\n  \
        underpass-gateway binding remove sb-0190a5a2-6d0e-7cc0-8000-000000000001\n\n\
        It cannot be undone. To exchange credentials without a gap, create a binding, give it to the \
        application, and remove the old one afterwards.")]
    Remove {
        /// Its OAuth client id, `clientid` in the credentials
        #[arg(value_name = "CLIENT_ID")]
        client_id: String,
    },
}

/// Options of `revoke`.
#[derive(Debug, Args)]
pub struct Revoke {
    /// The agent's instance id
    #[arg(long, value_name = "GUID")]
    pub instance: InstanceId,
}

/// Options of `replace`.
#[derive(Debug, Args)]
pub struct Replace {
    /// The agent's instance id
    #[arg(long, value_name = "GUID")]
    pub instance: InstanceId,
    /// The process of the copy, where several wait
    #[arg(long, value_name = "GUID")]
    pub process: Option<Uuid>,
}

/// Options of `test`.
#[derive(Debug, Args)]
pub struct Probe {
    /// The subaccount to call into, by name or GUID
    #[arg(long, value_name = "NAME|GUID")]
    pub subaccount: String,
    /// The location ID of the agent; without it the agent that has none
    #[arg(
        long = "location-id",
        alias = "location",
        value_name = "ID",
        default_value = ""
    )]
    pub location: LocationId,
    /// The virtual URL, such as `http://erp.virtual:8080/path`
    #[arg(value_parser = parse_url)]
    pub url: http::Uri,
}

/// Where the passphrase of an archive comes from.
#[derive(Debug, Args)]
pub struct Passphrase {
    /// File that holds the passphrase and nothing else
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Options of `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The archive to write; it must not exist
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Its passphrase.
    #[command(flatten)]
    pub passphrase: Passphrase,
}

/// Options of `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The archive to read
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Its passphrase.
    #[command(flatten)]
    pub passphrase: Passphrase,
    /// Replace the gateway that is in the data directory; it is gone then
    #[arg(long)]
    pub force: bool,
}
