//! The closed list of diagnoses.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a diagnosis is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Category {
    /// Names and the way to gateways.
    Network,
    /// The proxy on the way out.
    Proxy,
    /// TLS and certificates.
    Tls,
    /// The host's clock.
    Clock,
    /// Systems behind mappings.
    Backend,
    /// What the configuration says and what happens.
    Configuration,
    /// The agent's own host: its disk and what is kept there.
    Host,
    /// Told by a newer version.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Declares the diagnoses: name, category, occurrences until it is shown, title, causes, what to do.
macro_rules! kinds {
    ($($variant:ident = $shown:literal $category:ident $after:literal $title:literal
       [$($cause:literal),+ $(,)?] [$($fix:literal),+ $(,)?])+) => {
        /// Which diagnosis it is.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            JsonSchema,
        )]
        pub enum Kind {
            $(#[doc = $title] #[serde(rename = $shown)] $variant,)+
            /// Told by a newer version.
            #[serde(other)]
            #[schemars(skip)]
            Unknown,
        }

        impl Kind {
            /// All that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in answers.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $shown,)+ Self::Unknown => "Unknown" }
            }

            /// What it is about.
            pub const fn category(self) -> Category {
                match self { $(Self::$variant => Category::$category,)+ Self::Unknown => Category::Unknown }
            }

            /// How often it must happen before anybody is told.
            pub const fn after(self) -> u64 {
                match self { $(Self::$variant => $after,)+ Self::Unknown => 1 }
            }

            /// What it is called.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ Self::Unknown => "Diagnosis of a newer version" }
            }

            /// What may be behind it, the likeliest first.
            pub const fn causes(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($cause),+],)+ Self::Unknown => &[] }
            }

            /// What to do, in the order of the causes.
            pub const fn fixes(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($fix),+],)+ Self::Unknown => &[] }
            }
        }
    };
}

kinds! {
    GatewayName = "gatewayName" Network 1 "Name of a gateway is not resolved"
        ["The region host is misspelt.", "This host's DNS does not know names of the internet."]
        ["Compare the region host with the one that the gateway's operator gave.",
         "Let this host resolve the name, or set the HTTP proxy, which then resolves it."]
    GatewayAway = "gatewayAway" Network 1 "Gateway is not reached"
        ["A firewall does not let this host out.", "The gateway is down."]
        ["Allow this host the gateway's port, or set the HTTP proxy with underpass-agent proxy set.",
         "Ask the gateway's operator."]
    GatewayTls = "gatewayTls" Tls 1 "TLS with a gateway fails"
        ["Something on the way opens TLS and shows a certificate of its own.",
         "The gateway has another CA than when the subaccount was enrolled.",
         "The gateway refuses the certificate of this agent."]
        ["Exempt the region host from TLS inspection.",
         "Enrol the subaccount again.",
         "Look at the end of the subaccount's certificate, and enrol again if it is over."]
    ProxyAway = "proxyAway" Proxy 1 "HTTP proxy is not reached"
        ["Host or port of the proxy is wrong.", "The proxy is down."]
        ["Compare the settings of the proxy, and try others with underpass-agent proxy test.",
         "Ask the operator of the proxy."]
    ProxyLogin = "proxyLogin" Proxy 1 "HTTP proxy refuses user and password"
        ["User or password is wrong, missing or over."]
        ["Set both anew with underpass-agent proxy set."]
    ProxyRefuses = "proxyRefuses" Proxy 1 "HTTP proxy does not open the way to a gateway"
        ["The proxy does not allow CONNECT to the region host.", "It is no HTTP proxy."]
        ["Let the region host with its port be allowed there.",
         "Compare host and port of the proxy."]
    ClockSkew = "clockSkew" Clock 1 "Clock is wrong"
        ["This host does not follow a time server.", "The gateway's host does not."]
        ["Set the clock, and keep it right with NTP.", "Tell the gateway's operator."]
    CertificateEnds = "certificateEnds" Tls 1 "Certificate ends soon, or has ended"
        ["Nobody renewed it, or it could not be renewed by itself."]
        ["Exchange it before its end; underpass-agent status tells which."]
    BackendName = "backendName" Backend 1 "Name of an internal host is not resolved"
        ["The internal host of the mapping is misspelt.", "This host's DNS does not know it."]
        ["Correct the internal host.", "Let this host resolve the name."]
    BackendGuarded = "backendGuarded" Backend 1 "Mapping leads to a guarded address"
        ["The name leads to loopback, link-local or the agent itself.",
         "Somebody changed what the name leads to."]
        ["Map a system of your network, or let an Administrator allow the address: underpass-agent target add, or the agent's settings.",
         "Look at the DNS entry before anything else."]
    BackendRefuses = "backendRefuses" Backend 1 "Back end takes no connections"
        ["The system is down.", "The internal port is wrong.", "A firewall refuses."]
        ["Start the system.", "Correct the internal port.",
         "Let this host reach the system; underpass-agent mapping check shows each step."]
    BackendTls = "backendTls" Tls 1 "TLS with a back end fails"
        ["The CA of the back end's certificate is not trusted.",
         "The certificate is for another name, or over.",
         "The back end wants a client certificate, or speaks no TLS 1.2."]
        ["Add the CA with underpass-agent trust add.",
         "Give the system a certificate for its internal host.",
         "Set the system certificate; see the log of the system."]
    BackendSlow = "backendSlow" Backend 3 "Back end does not answer in time"
        ["The system is overloaded.", "A firewall on the way drops packets."]
        ["Look at the load of the system.",
         "Let this host pass; underpass-agent mapping check shows each step."]
    PathDenied = "pathDenied" Configuration 10 "Paths of a system are denied often"
        ["A resource is missing.", "An application calls what it should not."]
        ["Look at the denied paths with underpass-agent audit list, and add the resources that are meant.",
         "Tell those who run the application."]
    MappingUnused = "mappingUnused" Configuration 1 "Mapping was never used"
        ["Applications use another name, or none yet.", "Nobody needs it any more."]
        ["Compare the virtual host with the destination in the cloud.", "Remove the mapping."]
    HistoryStopped = "historyStopped" Host 1 "What is measured is not kept"
        ["The disk of the data directory is full, or nearly.",
         "Somebody else changed rights or owner of history.db, or a newer version wrote it."]
        ["Free some space there; the history goes on by itself.",
         "Look at it with underpass-agent doctor; the file may be moved away, and another one begins."]
    HistoryDamaged = "historyDamaged" Host 1 "History was damaged and begun anew"
        ["The host or its disk ended while it wrote.", "Somebody else wrote to history.db."]
        ["Check the disk; what was measured before is in history.db.broken of the data directory, which may be removed.",
         "Let nobody write to the data directory."]
    AgentOutdated = "agentOutdated" Host 1 "A newer version is out"
        ["The gateway was updated, and this agent was not."]
        ["Read what is new in the change log, and update this agent; its data directory stays as it is."]
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::diagnosis::Diagnosis;

    #[test]
    fn each_cause_has_what_to_do_about_it() {
        let names: BTreeSet<&str> = Kind::ALL.iter().map(|one| one.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert!(!kind.title().ends_with('.') && kind.after() > 0, "{kind}");
            assert!(kind.fixes().len() <= kind.causes().len(), "{kind}");
            let mut texts = kind.causes().iter().chain(kind.fixes());
            assert!(texts.all(|text| text.ends_with('.')), "{kind}");
        }
    }

    #[test]
    fn a_diagnosis_of_a_newer_version_is_read_with_its_own_words() {
        let told = serde_json::json!({
            "id": 1, "kind": "tide", "category": "sea", "entity": "moon", "title": "The tide is out",
            "message": "2 m are missing", "causes": ["The moon."], "fixes": ["Wait."],
            "occurrences": 3, "firstMs": 1, "lastMs": 2
        });
        let diagnosis: Diagnosis = serde_json::from_value(told).unwrap();
        assert_eq!(
            (diagnosis.kind, diagnosis.category),
            (Kind::Unknown, Category::Unknown)
        );
        assert_eq!(
            (&*diagnosis.title, &*diagnosis.fixes[0]),
            ("The tide is out", "Wait.")
        );
    }
}
