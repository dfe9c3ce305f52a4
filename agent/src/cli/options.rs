//! Options that several commands take.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use underpass_runtime::tls::OldestTls;
use underpass_shared::api::management::Query;
use underpass_shared::config::ConfirmWithin;

use crate::management;

/// Where the service keeps its data.
const DATA_DIR: &str = if cfg!(windows) {
    r"C:\ProgramData\Underpass"
} else {
    "/var/lib/underpass"
};

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Common {
    /// Directory of the agent's configuration, keys and state.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "UNDERPASS_DATA_DIR",
        default_value = DATA_DIR
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

/// An option of commands whose change is for good: nobody who lost a right gets it back by himself.
#[derive(Args, Clone, Copy, Debug)]
pub struct Preview {
    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Preview {
    pub(super) fn put(self, query: &mut Query) {
        query.dry_run = self.dry_run;
    }
}

/// An option of commands that change something.
#[derive(Args, Clone, Copy, Debug)]
pub struct DryRun {
    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Take the change back after so many seconds (10 to 3600), unless `confirm` comes before.
    #[arg(long, value_name = "SECONDS", conflicts_with = "dry_run")]
    confirm_within: Option<ConfirmWithin>,
}

impl DryRun {
    pub(super) fn put(self, query: &mut Query) {
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
