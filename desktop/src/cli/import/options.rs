//! What is said of an import on the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use underpass_fleet::scc::{Fingerprint, SccUrl};
use underpass_shared::api::management::ImportMode;
use underpass_shared::config::ConfirmWithin;
use underpass_shared::id::{LocationId, RegionHost, SubaccountId};
use underpass_shared::scc::{Choice, Prefix};

use super::EXAMPLE;

/// Where a configuration comes from.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Bring the configuration of an SAP Cloud Connector to an agent: a plan, then one revision.
    #[command(after_help = EXAMPLE)]
    Scc(Box<Scc>),
}

/// What becomes of plain prefixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PrefixWord {
    /// They keep their meaning, marked as risky: /a/b opens /a/bxyz too.
    #[default]
    Keep,
    /// They open whole segments only.
    Segments,
}

/// One thing in place of another.
#[derive(Clone, Debug)]
pub struct Instead<T> {
    old: String,
    new: T,
}

impl<T: FromStr<Err: std::error::Error + Send + Sync + 'static>> FromStr for Instead<T> {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (old, new) = text.split_once('=').context("is written OLD=NEW")?;
        Ok(Self {
            old: old.to_owned(),
            new: new.parse()?,
        })
    }
}

/// What is read, what is decided, and where it goes.
#[derive(Args, Debug)]
pub struct Scc {
    /// The connector's administration address, such as `https://scc.corp.example:8443`.
    #[arg(long, required_unless_present = "file", requires = "fingerprint")]
    pub(super) url: Option<SccUrl>,
    /// SHA-256 of the certificate of its administration UI.
    #[arg(long, value_name = "SHA256")]
    pub(super) fingerprint: Option<Fingerprint>,
    /// A user of the connector who may read its configuration (Display is enough).
    #[arg(long, requires = "url")]
    pub(super) user: Option<String>,
    /// A file with the user's password; asked for by default.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(super) password_file: Option<PathBuf>,
    /// A client certificate in place of a user, PEM with its issuers.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(super) client_cert: Option<PathBuf>,
    /// The private key to it, PEM.
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(super) client_key: Option<PathBuf>,
    /// A file that --save wrote, or a list of system mappings as the connector's API answers it,
    /// in place of a running connector.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    pub(super) file: Option<PathBuf>,
    /// Whose mappings such a list holds.
    #[arg(long, value_name = "ID@REGIONHOST", requires = "file")]
    pub(super) list_of: Option<String>,
    /// Keep what was read in a file, to plan from it again. It holds no passwords.
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
    #[command(flatten)]
    pub(super) decided: Decided,
    #[command(flatten)]
    pub(super) goal: Goal,
}

/// What the operator decides.
#[derive(Args, Debug)]
pub(super) struct Decided {
    /// The gateway in place of a region's host; once for each region.
    #[arg(long = "region", value_name = "REGIONHOST=GATEWAY")]
    regions: Vec<Instead<RegionHost>>,
    /// The gateway's subaccount in place of one whose id is no GUID, or is to be another.
    #[arg(long = "subaccount", value_name = "ID=GUID")]
    subaccounts: Vec<Instead<SubaccountId>>,
    /// Another location ID.
    #[arg(long = "location", value_name = "OLD=NEW")]
    locations: Vec<Instead<LocationId>>,
    /// A subaccount that stays where it is.
    #[arg(long = "leave-out", value_name = "ID")]
    left_out: Vec<String>,
    /// What becomes of resources that open every path which begins with their characters.
    #[arg(long, value_enum, default_value_t)]
    prefix: PrefixWord,
    /// Refuse paths with a session of an ABAP system in them, which the connector matches without.
    #[arg(long)]
    strict_sessions: bool,
    /// Carry "trust all back ends", if the connector has it. Dangerous.
    #[arg(long)]
    trust_all: bool,
    /// Leave the settings of the connector as a whole where they are.
    #[arg(long)]
    without_settings: bool,
    /// Take the connector's where the agent has something else; else the agent's stays.
    #[arg(long)]
    overwrite: bool,
}

/// Where the plan goes.
#[derive(Args, Debug)]
pub(super) struct Goal {
    /// The agent that it is for, by label or the beginning of its id.
    #[arg(long, value_name = "AGENT")]
    pub(super) into: Option<String>,
    /// Tell what would change, and change nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not ask before it is applied.
    #[arg(long, requires = "into", conflicts_with = "dry_run")]
    pub(super) yes: bool,
    /// Apply although something stays behind until it is decided.
    #[arg(long)]
    pub(super) leave_open: bool,
    /// Take the change back by itself unless `fleet confirm` comes within so many seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "into",
        conflicts_with = "dry_run"
    )]
    pub(super) confirm_within: Option<ConfirmWithin>,
    /// Write the report: JSON if the name ends in .json, else Markdown; may be given twice.
    #[arg(long = "report", value_name = "FILE")]
    pub(super) reports: Vec<PathBuf>,
    /// Write the document that the plan makes.
    #[arg(long, value_name = "FILE")]
    pub(super) document: Option<PathBuf>,
}

impl Decided {
    /// It as the plan takes it.
    pub(super) fn choice(&self) -> Choice {
        fn table<T: Clone>(all: &[Instead<T>]) -> BTreeMap<String, T> {
            let pairs = all.iter().map(|one| (one.old.clone(), one.new.clone()));
            pairs.collect()
        }
        Choice {
            regions: table(&self.regions),
            subaccounts: table(&self.subaccounts),
            locations: table(&self.locations),
            left_out: self.left_out.iter().cloned().collect::<BTreeSet<_>>(),
            prefix: match self.prefix {
                PrefixWord::Keep => Prefix::Keep,
                PrefixWord::Segments => Prefix::Segments,
            },
            strict_sessions: self.strict_sessions,
            trust_all: self.trust_all,
            without_settings: self.without_settings,
            mode: if self.overwrite {
                ImportMode::Overwrite
            } else {
                ImportMode::Merge
            },
        }
    }
}
