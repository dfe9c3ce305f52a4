//! Which part of a configuration a path belongs to, for overviews.

use serde::Serialize;

/// A part of configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Section {
    /// What stands nowhere else.
    General,
    /// Proxy, tunnels, targets, ciphers, regions.
    Network,
    /// Whom the agent trusts.
    Trust,
    /// How users are known to the systems.
    Propagation,
    /// What it writes and whom it tells.
    Operations,
    /// Subaccounts and their own fields.
    Subaccounts,
    /// System mappings.
    Mappings,
    /// Open paths.
    Resources,
    /// Channels into the cloud.
    Channels,
}

impl Section {
    /// All, in their order.
    pub const ALL: [Self; 9] = [
        Self::General,
        Self::Network,
        Self::Trust,
        Self::Propagation,
        Self::Operations,
        Self::Subaccounts,
        Self::Mappings,
        Self::Resources,
        Self::Channels,
    ];

    /// Its word.
    pub const fn title(self) -> &'static str {
        match self {
            Self::General => "General",
            Self::Network => "Network",
            Self::Trust => "Trust",
            Self::Propagation => "Propagation",
            Self::Operations => "Operations",
            Self::Subaccounts => "Subaccounts",
            Self::Mappings => "Mappings",
            Self::Resources => "Resources",
            Self::Channels => "Channels",
        }
    }

    /// The part that the path of a difference belongs to.
    pub fn of(path: &str) -> Self {
        if let Some(setting) = path.strip_prefix("connector.") {
            let end = setting.find(['.', '[']).unwrap_or(setting.len());
            return Self::of_setting(setting.get(..end).unwrap_or_default());
        }
        let of_subaccount = path
            .strip_prefix("subaccounts[")
            .and_then(|rest| rest.split_once("]."));
        match of_subaccount {
            Some((_, rest)) if rest.starts_with("mappings") => {
                if rest.contains("].resources") {
                    Self::Resources
                } else {
                    Self::Mappings
                }
            }
            Some((_, rest)) if rest.starts_with("channels") => Self::Channels,
            Some((_, rest)) if rest.starts_with("identityTrust") => Self::Propagation,
            Some(_) => Self::Subaccounts,
            None if path.starts_with("subaccounts") => Self::Subaccounts,
            None => Self::General,
        }
    }

    fn of_setting(name: &str) -> Self {
        match name {
            "allowedTargets" | "tunnelConnections" | "proxy" | "regions" | "cipherSuites" => {
                Self::Network
            }
            "backendTrust" | "emailTrust" | "certificates" => Self::Trust,
            "ppSettings" | "subjectPatternRules" => Self::Propagation,
            "audit" | "logAndTrace" | "subaccountTraces" | "alerting" | "alertRules" | "email"
            | "webhooks" | "syslog" | "heartbeat" | "history" => Self::Operations,
            _ => Self::General,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_section() {
        let of = "subaccounts[g.example/0190/]";
        for (path, section) in [
            ("connector.description", Section::General),
            ("connector.proxy.port", Section::Network),
            ("connector.allowedTargets", Section::Network),
            ("connector.backendTrust.trustAllBackends", Section::Trust),
            ("connector.alertRules[cpu].limit", Section::Operations),
            (of, Section::Subaccounts),
            (&format!("{of}.displayName"), Section::Subaccounts),
            (
                &format!("{of}.mappings[erp:443].protocol"),
                Section::Mappings,
            ),
            (
                &format!("{of}.mappings[erp:443].resources[/a.b].enabled"),
                Section::Resources,
            ),
            (&format!("{of}.channels[3].enabled"), Section::Channels),
            (&format!("{of}.identityTrust.apps"), Section::Propagation),
        ] {
            assert_eq!(Section::of(path), section, "{path}");
        }
    }
}
