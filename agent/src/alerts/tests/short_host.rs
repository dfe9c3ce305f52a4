//! What the host is short of, and an audit log that cannot be written.

use super::*;

#[test]
fn processors_and_memory_are_told_above_their_limits() {
    let mut bench = Bench::new(&json!({"alertRules": {"thresholds": {"memoryPercent": 80}}}));
    let codes = [Code::CpuLoad, Code::Memory];
    assert!(bench.look().unknown.is_superset(&codes.into()));
    let of = |cpu: f64, used: f64| {
        vec![
            (Entity::Agent, Metric::HostCpu, gauge(cpu)),
            (Entity::Agent, Metric::HostMemory, gauge(used)),
            (Entity::Agent, Metric::HostMemoryTotal, gauge(1_000.0)),
        ]
    };
    bench.measure(of(0.90, 800.0));
    assert_eq!(bench.find(&codes), vec![]);
    assert!(bench.look().unknown.is_disjoint(&codes.into()));
    bench.measure(of(0.93, 810.0));
    let texts: Vec<String> = bench.find(&codes).into_iter().map(|one| one.text).collect();
    assert_eq!(
        texts,
        [
            "the processors are used by 93 %; the limit is 90 %",
            "81 % of the host's memory is in use; the limit is 80 %"
        ]
    );
    bench.measure(vec![]);
    assert_eq!(bench.find(&codes), vec![]);
}

#[test]
fn volumes_are_told_below_their_limits() {
    let dir = tempfile::tempdir().unwrap();
    // What is not there yet will be beside what is.
    let path = dir.path().join("not/there");
    let volume = |code| Volume::look(code, &path);
    let codes = [Code::DiskSpace, Code::AuditDiskSpace, Code::TraceDiskSpace];
    let limits = |own: u32, more: &Value| {
        let mut thresholds = json!({"cpuLoad": 90, "cpuLoadViolationToleranceSec": 60,
            "freeDiskSpaceMb": own, "certificateValidityDays": 30});
        let more = more.as_object().unwrap().clone();
        thresholds.as_object_mut().unwrap().extend(more);
        let all = json!({"ha": true, "tunnels": true, "serviceChannels": true, "CPU": true,
            "freeDiskSpace": true, "certificates": true, "troubleshooting": true});
        json!({"alerting": {"thresholds": thresholds, "notification": all}})
    };
    let most = 10_000_000;
    for (own, more, expected) in [
        (1, json!({}), vec![]),
        (most, json!({}), vec![Code::DiskSpace]),
        (
            1,
            json!({"freeDiscForAuditLogMb": most}),
            vec![Code::AuditDiskSpace],
        ),
        (
            1,
            json!({"freeDiscForTraceMb": most}),
            vec![Code::TraceDiskSpace],
        ),
    ] {
        let mut bench = Bench::new(&limits(own, &more));
        bench.volumes = codes.map(volume).to_vec();
        let found = bench.find(&codes);
        let found: Vec<Code> = found.iter().map(|one| one.id.code).collect();
        assert_eq!(found, expected, "{own} {more}");
    }
}

#[test]
fn an_audit_log_that_is_not_written_is_told() {
    let mut bench = Bench::new(&json!({}));
    bench.up(1);
    assert_eq!(bench.find(&[Code::AuditFailure]), vec![]);
    bench.audit_failure = Some("no space".to_owned());
    let found = bench.find(&[Code::AuditFailure]);
    assert_eq!(found[0].text, "the audit log cannot be written: no space");
}
