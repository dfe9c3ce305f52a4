//! The closed list of alerts.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::category::Category;
use super::record::Severity;

/// Declares the alerts: name, type as answers show it, category, severity, seconds until it is
/// visible, title, what to do.
macro_rules! codes {
    ($($variant:ident = $shown:literal $category:ident $severity:ident $after:literal $title:literal $remedy:literal)+) => {
        /// Which alert it is.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $shown)] $variant,)+
            /// Told or kept by a newer version.
            #[serde(other)]
            #[schemars(skip)]
            Unknown,
        }

        impl Code {
            /// All that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As answers and messages show it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $shown,)+ Self::Unknown => "Unknown" }
            }

            /// What it is about.
            pub const fn category(self) -> Category {
                match self { $(Self::$variant => Category::$category,)+ Self::Unknown => Category::Unknown }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ Self::Unknown => Severity::Warning }
            }

            /// How long the condition must stand before anybody is told.
            pub const fn visible_after(self) -> Duration {
                match self { $(Self::$variant => Duration::from_secs($after),)+ Self::Unknown => Duration::ZERO }
            }

            /// Its title.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ Self::Unknown => "Alert of a newer version" }
            }

            /// What to do.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)+ Self::Unknown => "Update this program." }
            }
        }
    };
}

codes! {
    TunnelDown = "Tunnel" Tunnels Error 30 "Tunnel is down"
        "Check the way to the gateway with underpass-agent check, and the subaccount's last error."
    TunnelFlapping = "TunnelFlapping" Tunnels Warning 0 "Tunnel comes and goes"
        "Look for an unstable network, a proxy that cuts long connections, or a second agent of the same location."
    ChannelDown = "ServiceChannel" ServiceChannels Error 30 "Service channel is down"
        "Look at the reason; check that its local port is free and that its target exists, or disable it."
    CpuLoad = "CPU" Cpu Warning 0 "Processors are busy"
        "Look which program uses them; move the agent or give the host more."
    DiskSpace = "Disk" FreeDiskSpace Error 0 "Disk is nearly full"
        "Free space on the volume of the data directory; changes are refused when it is full."
    AuditDiskSpace = "AuditDisk" FreeDiskSpace Error 0 "Disk of the audit log is nearly full"
        "Free space there, or shorten the retention of the audit log."
    TraceDiskSpace = "TraceDisk" FreeDiskSpace Warning 0 "Disk of traces is nearly full"
        "End traces that run, and delete old ones."
    UiCertificate = "UICertificate" Certificates Warning 0 "Certificate of the management API ends"
        "Give the management API a new certificate."
    SystemCertificate = "SystemCertificate" Certificates Warning 0 "System certificate ends"
        "Exchange the system certificate, and let the back ends trust the new one."
    CaCertificate = "CACertificate" Certificates Warning 0 "CA certificate of principal propagation ends"
        "Exchange it, and let the back ends trust the new one."
    SubaccountCertificate = "SubaccountCertificate" Certificates Warning 0 "Certificate of a subaccount ends"
        "It is renewed by itself while the tunnel is up; else enrol the subaccount again."
    OperatorCertificate = "OperatorCertificate" Certificates Warning 0 "Certificate of an operator ends"
        "Let the operator pair again."
    TrustCertificate = "TrustStoreCertificate" Certificates Warning 0 "Certificate in a trust store ends"
        "Add its successor to the trust store before it ends."
    Diagnosis = "Troubleshooting" Troubleshooting Warning 30 "New diagnosis"
        "Read the diagnosis: it names causes and what to do."
    Memory = "Memory" Memory Warning 60 "Memory is short"
        "Look which program uses it; give the host more."
    BackendLatency = "BackendLatency" Backends Warning 60 "Back end is slow"
        "Look at the system behind the mapping, and at the way to it."
    BackendErrors = "BackendErrors" Backends Error 60 "Back end answers with errors"
        "Look at the log of the system behind the mapping."
    BackendDown = "BackendDown" Backends Error 0 "Back end is not reached"
        "Check the internal host with underpass-agent check."
    AuditFailure = "Audit" Audit Error 0 "Audit log is not written"
        "Check the disk of the audit log; what it demands is refused until it can be written."
    DeliveryFailing = "Delivery" Troubleshooting Warning 300 "Alerts cannot be delivered"
        "Check the settings of the channel with its test."
    AgentAbsent = "AgentAbsent" Tunnels Error 0 "Agent is absent"
        "Look whether its host and its service run, and whether it reaches the gateway; if it is meant to be away, silence the alert, or revoke the agent."
    LocationTaken = "LocationTaken" Tunnels Error 0 "Second agent claims a location"
        "Look for a copy of the agent, such as a cloned host; stop one of the two, or enrol it for a location of its own."
    EnrolmentRefused = "EnrolmentRefused" Troubleshooting Warning 0 "Enrolments are refused"
        "Look in the gateway's log who asks: give that agent a new token, or stop it."
    GatewayCertificate = "GatewayCertificate" Certificates Warning 0 "Certificate of the gateway ends"
        "The gateway renews its own; look in its log why it has not. Exchange a given one, and begin a new CA in good time."
    GatewayStore = "GatewayStore" Troubleshooting Error 30 "State of the gateway cannot be used"
        "Look at the disk of its data directory; requests work on, but nothing can be enrolled, renewed or changed."
    BackupOverdue = "Backup" Backup Warning 0 "Newest good backup is too old"
        "Look at the last run of the schedule, and make a backup."
    BackupFailed = "BackupRun" Backup Warning 0 "Scheduled backup failed"
        "Look at the reason and at the place where backups go; the run is tried again by itself."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::alert::Alert;

    #[test]
    fn names_are_unique_and_texts_say_what_to_do() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|one| one.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(
                !code.title().ends_with('.') && code.remedy().ends_with('.'),
                "{code}"
            );
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }

    #[test]
    fn an_alert_of_a_newer_version_is_read_with_its_own_words() {
        let told = serde_json::json!({
            "number": 1, "code": "Tide", "entity": "moon", "category": "sea", "severity": "ERROR",
            "title": "The tide is out", "text": "2 m are missing.", "remedy": "Wait.", "sinceMs": 5
        });
        let alert: Alert = serde_json::from_value(told).unwrap();
        assert_eq!(
            (alert.id.code, alert.category, alert.severity),
            (Code::Unknown, Category::Unknown, Severity::Error)
        );
        assert_eq!(
            (&*alert.title, &*alert.remedy),
            ("The tide is out", "Wait.")
        );
    }
}
