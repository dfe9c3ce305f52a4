//! What an import would do, or did, for people and for programs.

use serde::{Deserialize, Serialize};

use super::findings::{Decision, Finding, Kind};
use super::reading::Source;

/// What such a file says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportFormat {
    /// The only one so far.
    #[default]
    #[serde(rename = "underpass-scc-report-1")]
    First,
}

/// How many of one kind there are, and how many of them are in the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// At the connector.
    pub found: usize,
    /// In the plan, or at the agent already.
    pub carried: usize,
}

impl Tally {
    /// How many stay behind.
    pub const fn left(self) -> usize {
        self.found.saturating_sub(self.carried)
    }

    /// Counts one more, carried or not.
    pub(super) const fn count(&mut self, carried: bool) {
        self.found += 1;
        if carried {
            self.carried += 1;
        }
    }
}

/// How many of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counts {
    pub subaccounts: Tally,
    pub system_mappings: Tally,
    pub resources: Tally,
    pub domain_mappings: Tally,
    pub channels: Tally,
    pub identity_providers: Tally,
    pub applications: Tally,
    pub subject_rules: Tally,
    pub trusted_certificates: Tally,
    pub settings: Tally,
}

impl Counts {
    /// All of them with their names for people.
    pub const fn all(&self) -> [(&'static str, Tally); 10] {
        [
            ("subaccounts", self.subaccounts),
            ("system mappings", self.system_mappings),
            ("resources", self.resources),
            ("cookie domains", self.domain_mappings),
            ("service channels", self.channels),
            ("identity providers", self.identity_providers),
            ("applications", self.applications),
            ("subject rules", self.subject_rules),
            ("trusted certificates", self.trusted_certificates),
            ("settings", self.settings),
        ]
    }
}

/// Something that the connector's API does not tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    /// What.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// What an import would do, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What this is.
    pub format: ReportFormat,
    /// Where the configuration comes from.
    pub source: Source,
    /// How many of everything.
    pub counts: Counts,
    /// What somebody decides, or decided.
    pub decisions: Vec<Decision>,
    /// What became of fields that were not simply carried.
    pub findings: Vec<Finding>,
    /// What the connector's API does not tell.
    pub untold: Vec<Untold>,
    /// What is to be done afterwards, in this order.
    pub steps: Vec<String>,
}

impl Report {
    /// The findings of one kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |one| one.kind == kind)
    }

    /// Whether something stays behind until somebody decides.
    pub fn is_open(&self) -> bool {
        self.decisions.iter().any(|one| one.open)
    }
}

/// What the connector's API does not tell.
pub(super) fn untold() -> Vec<Untold> {
    const ALL: [(&str, &str); 10] = [
        (
            "tunnel connections, worker threads and sizes of HTTP messages",
            "the agent counts no threads; its limits are fixed, and the number of tunnel connections is a setting",
        ),
        (
            "Kerberos: key distribution centres, realm, keytab",
            "has no counterpart in this version",
        ),
        (
            "SNC: library, own name, protection, its certificates",
            "has no counterpart in this version",
        ),
        (
            "the Secure Login Server",
            "has no counterpart in this version",
        ),
        (
            "logging on by client certificate, and the trust of LDAP servers",
            "operators are paired, or known by their organisation's CA",
        ),
        (
            "scenarios (named sets of resources)",
            "their resources are carried one by one",
        ),
        (
            "the list of allowed applications, and connections by application",
            "has no counterpart: the gateway knows applications by their bindings",
        ),
        (
            "regions of one's own",
            "name each by --region, and as a region of the agent where you want it offered",
        ),
        (
            "the login screen, themes, memory of the Java machine, its own trusted CAs",
            "have no counterpart",
        ),
        (
            "statistics of usage, logs and the audit log",
            "stay with the connector; archive them before you remove it",
        ),
    ];
    ALL.map(|(what, remedy)| Untold {
        what: what.to_owned(),
        remedy: remedy.to_owned(),
    })
    .to_vec()
}
