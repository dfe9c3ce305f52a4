//! The rules of the register, as the configuration has them.

use std::time::Duration;

use underpass_shared::alert::{Category, Code, Rules};
use underpass_shared::config::{AlertDelays, AlertSending, ConnectorFields, Notification, Number};

const fn seconds<const MIN: u32, const MAX: u32>(number: Number<MIN, MAX>) -> Duration {
    Duration::from_secs(number.get() as u64)
}

/// Which categories are sent, and how long conditions must stand and be away.
pub(super) fn rules(connector: &ConnectorFields) -> Rules {
    let Notification {
        ha,
        tunnels,
        service_channels,
        cpu,
        free_disk_space,
        certificates,
        troubleshooting,
    } = connector.alerting.notification;
    let AlertSending {
        memory,
        backends,
        audit,
        backup,
    } = connector.alert_rules.notification;
    let sent = [
        (Category::Ha, ha),
        (Category::Tunnels, tunnels),
        (Category::ServiceChannels, service_channels),
        (Category::Cpu, cpu),
        (Category::FreeDiskSpace, free_disk_space),
        (Category::Certificates, certificates),
        (Category::Troubleshooting, troubleshooting),
        (Category::Memory, memory),
        (Category::Backends, backends),
        (Category::Audit, audit),
        (Category::Backup, backup),
    ];
    let off = sent.into_iter().filter(|(_, sent)| !sent);
    let tolerance = connector
        .alerting
        .thresholds
        .cpu_load_violation_tolerance_sec;
    let AlertDelays {
        tunnels,
        service_channels,
        memory,
        backends,
        troubleshooting,
        resolution,
    } = connector.alert_rules.delays;
    Rules {
        off: off.map(|(category, _)| category).collect(),
        delays: [
            (Code::CpuLoad, seconds(tolerance)),
            (Code::TunnelDown, seconds(tunnels)),
            (Code::ChannelDown, seconds(service_channels)),
            (Code::Memory, seconds(memory)),
            (Code::BackendLatency, seconds(backends)),
            (Code::BackendErrors, seconds(backends)),
            (Code::Diagnosis, seconds(troubleshooting)),
        ]
        .into(),
        quiet: seconds(resolution),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_category_has_its_switch_and_the_defaults_are_those_of_the_alerts() {
        let mut fields = ConnectorFields::default();
        let all_on = rules(&fields);
        assert!(all_on.off.is_empty());
        assert_eq!(all_on.quiet, Rules::default().quiet);
        for (code, delay) in all_on.delays {
            // The time of SAP's setting is that of the processors' alert.
            if code != Code::CpuLoad {
                assert_eq!(delay, code.visible_after(), "{code}");
            }
        }
        fields.alerting.notification = serde_json::from_str(
            r#"{"ha": false, "tunnels": false, "serviceChannels": false, "CPU": false,
                "freeDiskSpace": false, "certificates": false, "troubleshooting": false}"#,
        )
        .unwrap();
        fields.alert_rules = serde_json::from_str(
            r#"{"notification": {"memory": false, "backends": false, "audit": false,
                                 "backup": false}, "delays": {"tunnels": 1}}"#,
        )
        .unwrap();
        let all_off = rules(&fields);
        assert_eq!(all_off.off, Category::ALL.into());
        assert_eq!(all_off.delays[&Code::TunnelDown], Duration::from_secs(1));
    }
}
