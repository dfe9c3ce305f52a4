//! Service channels that shall be open.

use super::*;

#[test]
fn a_channel_that_is_enabled_and_not_open_is_told_until_it_is_disabled() {
    let mut bench = Bench::new(&json!({}));
    let channels = |bench: &mut Bench, enabled: bool, connected: bool| {
        let mut own = (***bench.document.subaccounts()[0].own()).clone();
        let channel = json!([{"id": 3, "enabled": enabled, "connections": 1,
            "service": {"HANA": {"instanceName": "db", "instanceNumber": 7}}}]);
        own.channels = serde_json::from_value(channel).unwrap();
        own.connected = connected;
        bench.document = bench.document.with_subaccount(own).unwrap();
        bench.find(&[Code::ChannelDown])
    };
    bench.up(1);
    let found = channels(&mut bench, true, true);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].id.entity,
        format!("channel:gate.example.com/{ID}//30715")
    );
    assert!(
        found[0].text.contains("channel 3 of type HANA is enabled")
            && found[0].text.contains("local port 30715"),
        "{}",
        found[0].text
    );
    let cause = found[0].because_of.as_ref().unwrap();
    assert_eq!(cause.code, Code::TunnelDown);
    assert_eq!(channels(&mut bench, false, true), vec![]);
    // Who closed all of the subaccount, or of the agent, knows.
    assert_eq!(channels(&mut bench, true, false), vec![]);
    bench.is_drained = true;
    assert_eq!(channels(&mut bench, true, true), vec![]);
}
