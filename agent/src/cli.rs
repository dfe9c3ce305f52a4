//! The command line of the agent.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use underpass_shared::config::ProxyUrl;
use underpass_shared::id::{LocationId, RegionHost};

/// On-premise end of Underpass: dials out to a gateway and lets through what its access control allows.
///
/// First steps: create a token on the gateway with `underpass-gateway enrol-token create`, redeem it
/// here with `underpass-agent enrol TOKEN`, then start `underpass-agent run`.
#[derive(Debug, Parser)]
#[command(name = "underpass-agent", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Args, Debug)]
pub struct Common {
    /// Directory of the agent's configuration, keys and state.
    #[arg(long, env = "UNDERPASS_DATA_DIR", default_value = "/var/lib/underpass")]
    pub data_dir: PathBuf,
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
    },
    /// Connect this agent to a subaccount, with a token from the gateway.
    ///
    /// Works while the agent is stopped. Example:
    ///   underpass-agent enrol underpass-enrol.AZCl... --location-id plant-2
    Enrol {
        #[command(flatten)]
        common: Common,
        /// The line that `underpass-gateway enrol-token create` printed; valid once, for a short time.
        token: String,
        /// Tells several agents of one subaccount apart; the token may prescribe it.
        #[arg(long)]
        location_id: Option<LocationId>,
        /// HTTP proxy on the way out, such as `http://user@proxy.corp:3128`; it is kept for the tunnels.
        ///
        /// The user's password is taken from the environment (UNDERPASS_PROXY_PASSWORD) or from
        /// standard input, never from the command line.
        #[arg(long, value_name = "URL")]
        proxy: Option<ProxyUrl>,
    },
    /// Show whether the agent runs and which tunnels are up.
    Status {
        #[command(flatten)]
        common: Common,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check all that the agent needs, before it runs or when something is wrong; changes nothing.
    ///
    /// Names, proxy, TCP and TLS to the gateway, clock, disk, rights, limits. Fails if a check does.
    Doctor {
        #[command(flatten)]
        common: Common,
        /// Check the way to this gateway alone, enrolled with it or not.
        #[arg(long, value_name = "HOST[:PORT]")]
        host: Option<RegionHost>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show or replace the whole configuration document, while the agent is stopped.
    Document {
        /// What to do with it.
        #[command(subcommand)]
        action: DocumentAction,
    },
}

/// What to do with the document.
#[derive(Debug, Subcommand)]
pub enum DocumentAction {
    /// Print the document as JSON. It holds no secrets.
    Show {
        #[command(flatten)]
        common: Common,
    },
    /// Check a document and make it the next revision; nothing changes when it is not valid.
    Apply {
        #[command(flatten)]
        common: Common,
        /// A file as `document show` prints it.
        file: PathBuf,
    },
}
