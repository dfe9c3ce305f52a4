//! What of a backup is to be restored, and how.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::limits::{DISPLAY_NAME_LEN_MAX, MAPPINGS_MAX};
use crate::config::{Document, Invalid, InvalidText, SubaccountKey, Text};
use crate::host::{InternalHost, VirtualAddress};
use crate::id::{LocationId, RegionHost};

/// Rules of one kind; more names of one company are hard to imagine.
const RULES_MAX: usize = 1_000;

/// A part of a backup.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum RestorePart {
    /// Subaccounts without their system mappings.
    Subaccounts,
    /// System mappings of subaccounts that are here, or come with the restore.
    Mappings,
    /// Which certificates of back ends and of the mail server are trusted.
    Trust,
    /// All other settings of the agent as a whole.
    Settings,
    /// Who the agent is for those who manage it.
    Identity,
    /// Operators, the organisation's CAs and users with a password.
    Operators,
    /// What belongs to the host: the certificate that the management API shows.
    Machine,
}

impl RestorePart {
    /// What is restored where nobody says otherwise.
    pub const USUAL: [Self; 4] = [
        Self::Subaccounts,
        Self::Mappings,
        Self::Trust,
        Self::Settings,
    ];
    /// The same on an agent where nothing was yet: nobody can come back who was removed there.
    pub const ON_A_NEW_AGENT: [Self; 6] = [
        Self::Subaccounts,
        Self::Mappings,
        Self::Trust,
        Self::Settings,
        Self::Identity,
        Self::Operators,
    ];
}

/// What becomes of that which is here and not in the backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RestoreMode {
    /// It goes.
    #[default]
    Replace,
    /// It stays. What both have becomes as in the backup.
    Merge,
}

/// A host that has another name here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostRule {
    /// An internal host, or with a dot before it all hosts below a domain.
    pub find: String,
    /// What stands in its place; with a dot too where `find` has one.
    pub replace: String,
}

/// A location ID that is another one here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocationRule {
    /// The one in the backup.
    pub find: LocationId,
    /// The one here.
    pub replace: LocationId,
}

/// A gateway that is reached by another name here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegionRule {
    /// The one in the backup.
    pub find: RegionHost,
    /// The one here.
    pub replace: RegionHost,
}

/// A piece of the names of subaccounts that is another one here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NameRule {
    /// A display name in the backup, or a part of one.
    pub find: String,
    /// What stands in its place.
    pub replace: String,
}

/// A system mapping, as the backup names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MappingName {
    /// The subaccount that it is of.
    pub subaccount: SubaccountKey,
    /// Its virtual host and port.
    pub virtual_address: VirtualAddress,
}

/// What of a backup is to be restored, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "RestoreChoice")]
pub struct Choice {
    /// Which parts. Without it subaccounts, mappings, trust and settings; on an agent where nothing
    /// was yet, identity and operators too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<BTreeSet<RestorePart>>,
    /// What becomes of that which is here and not in the backup.
    pub mode: RestoreMode,
    /// The subaccounts that are meant, as the backup names them; without it all. Others that are
    /// here stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<BTreeSet<SubaccountKey>>,
    /// The system mappings that are meant, of the subaccounts that are; without it all of them.
    /// Others that are here stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAPPINGS_MAX))]
    pub only_mappings: Option<BTreeSet<MappingName>>,
    /// Whether subaccounts come with the keys by which their gateways know the agent.
    pub enrolments: bool,
    /// Internal hosts with other names; the first that fits holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = RULES_MAX))]
    pub hosts: Vec<HostRule>,
    /// Other location IDs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = RULES_MAX))]
    pub location_ids: Vec<LocationRule>,
    /// Other names of gateways.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = RULES_MAX))]
    pub region_hosts: Vec<RegionRule>,
    /// Other display names of subaccounts; the first that fits holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = RULES_MAX))]
    pub names: Vec<NameRule>,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            parts: None,
            mode: RestoreMode::default(),
            only: None,
            only_mappings: None,
            enrolments: true,
            hosts: vec![],
            location_ids: vec![],
            region_hosts: vec![],
            names: vec![],
        }
    }
}

impl Choice {
    /// The parts that are meant.
    pub fn parts(&self, is_new: bool) -> BTreeSet<RestorePart> {
        match (&self.parts, is_new) {
            (Some(parts), _) => parts.clone(),
            (None, true) => RestorePart::ON_A_NEW_AGENT.into(),
            (None, false) => RestorePart::USUAL.into(),
        }
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.parts.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(Invalid::new("parts", "must name at least one"));
        }
        for (field, count) in [
            ("hosts", self.hosts.len()),
            ("locationIds", self.location_ids.len()),
            ("regionHosts", self.region_hosts.len()),
            ("names", self.names.len()),
        ] {
            if count > RULES_MAX {
                let rule = format!("at most {RULES_MAX} rules are allowed");
                return Err(Invalid::new(field, rule));
            }
        }
        let meant = self.only_mappings.as_ref().map_or(0, BTreeSet::len);
        if meant > MAPPINGS_MAX {
            let rule = format!("at most {MAPPINGS_MAX} can be named; leave it out for all of them");
            return Err(Invalid::new("onlyMappings", rule));
        }
        if self.names.iter().any(|rule| rule.find.is_empty()) {
            return Err(Invalid::new("names", "find must not be empty"));
        }
        self.hosts.iter().try_for_each(HostRule::check)
    }

    /// Whether the backup has all mappings that are named; what is misspelt would silently stay away.
    pub(super) fn check_names(&self, backup: &Document) -> Result<(), Invalid> {
        let absent = |one: &&MappingName| {
            let address = &one.virtual_address;
            let found = backup.subaccount(&one.subaccount);
            found.is_none_or(|found| {
                let found = found.mapping(address.host.as_str(), address.port.get());
                found.is_none_or(|found| found.virtual_address != *address)
            })
        };
        match self.only_mappings.iter().flatten().find(absent) {
            Some(one) => {
                let (address, key) = (&one.virtual_address, &one.subaccount);
                let rule = format!("the backup has no system mapping {address} of {key}");
                Err(Invalid::new("onlyMappings", rule))
            }
            None => Ok(()),
        }
    }

    /// Whether a system mapping of a subaccount that is meant is meant too.
    pub(super) fn means_mapping(&self, key: &SubaccountKey, address: &VirtualAddress) -> bool {
        self.only_mappings.as_ref().is_none_or(|named| {
            named.contains(&MappingName {
                subaccount: key.clone(),
                virtual_address: address.clone(),
            })
        })
    }

    /// Whether a subaccount of the backup is meant.
    pub(super) fn means(&self, key: &SubaccountKey) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(key))
    }

    /// The display name of a subaccount here.
    pub(super) fn name(
        &self,
        name: &Text<DISPLAY_NAME_LEN_MAX>,
    ) -> Result<Text<DISPLAY_NAME_LEN_MAX>, Invalid> {
        let mut rules = self.names.iter();
        let Some(new) = rules.find_map(|rule| rule.apply(name)) else {
            return Ok(name.clone());
        };
        let parsed = new.parse();
        parsed.map_err(|rule: InvalidText| Invalid::new("names", format!("{new}: {rule}")))
    }

    pub(super) fn location(&self, id: &LocationId) -> LocationId {
        let rule = self.location_ids.iter().find(|rule| rule.find == *id);
        rule.map_or(id, |rule| &rule.replace).clone()
    }

    pub(super) fn region(&self, host: &RegionHost) -> RegionHost {
        let rule = self.region_hosts.iter().find(|rule| rule.find == *host);
        rule.map_or(host, |rule| &rule.replace).clone()
    }

    /// The name of a host here; none where it keeps its own.
    pub(super) fn host(&self, host: &InternalHost) -> Result<Option<InternalHost>, Invalid> {
        let mut found = self.hosts.iter().filter_map(|rule| rule.apply(host));
        found.next().transpose()
    }
}

impl HostRule {
    /// Whether it can be used.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn check(&self) -> Result<(), Invalid> {
        let domain = |text: &str| text.starts_with('.');
        if domain(&self.find) != domain(&self.replace) {
            let rule =
                "find and replace must both be hosts, or both domains with a dot before them";
            return Err(Invalid::new("hosts", rule));
        }
        for text in [&self.find, &self.replace] {
            let host = text.strip_prefix('.').unwrap_or(text);
            let parsed = host.parse::<InternalHost>();
            parsed.map_err(|rule| Invalid::new("hosts", format!("{text}: {rule}")))?;
        }
        Ok(())
    }

    /// What a host is called here; nothing where the rule is for others.
    pub fn apply(&self, host: &InternalHost) -> Option<Result<InternalHost, Invalid>> {
        let find = self.find.to_ascii_lowercase();
        let replaced = if find.starts_with('.') {
            let name = host.as_str().strip_suffix(&find)?;
            if name.is_empty() {
                return None;
            }
            format!("{name}{}", self.replace)
        } else if *host.as_str() == *find {
            self.replace.clone()
        } else {
            return None;
        };
        let parsed = replaced.parse::<InternalHost>();
        Some(parsed.map_err(|rule| Invalid::new("hosts", format!("{replaced}: {rule}"))))
    }
}

impl NameRule {
    /// What something is called here; nothing where the rule is for others.
    pub fn apply(&self, name: &str) -> Option<String> {
        let fits = !self.find.is_empty() && name.contains(&self.find);
        fits.then(|| name.replace(&self.find, &self.replace))
    }
}
