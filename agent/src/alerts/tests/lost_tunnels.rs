//! Tunnels that are down or lost often.

use super::*;

#[test]
fn a_tunnel_that_shall_be_up_and_is_not_is_told_with_its_reason() {
    let mut bench = Bench::new(&json!({}));
    let down = |bench: &mut Bench| {
        let found = bench.find(&[Code::TunnelDown]).into_iter();
        found.map(|one| one.text).collect::<Vec<_>>().concat()
    };
    // Nothing is tried yet.
    assert!(down(&mut bench).ends_with("it is being connected"));
    bench.up(1);
    assert_eq!(down(&mut bench), "");
    let failed = Connection::Failed("refused".to_owned());
    bench.tunnel(None, vec![Connection::Connecting, failed]);
    assert!(down(&mut bench).ends_with("is up: refused"));
    let id = &bench.find(&[Code::TunnelDown])[0].id;
    assert_eq!(id.entity, format!("tunnel:gate.example.com/{ID}/"));
    // What somebody closed is not lost.
    bench.is_drained = true;
    assert_eq!(down(&mut bench), "");
    bench.is_drained = false;
    let mut own = bench.document.subaccounts()[0].own().to_owned();
    let mut fields = (**Arc::make_mut(&mut own)).clone();
    fields.connected = false;
    bench.document = bench.document.with_subaccount(fields).unwrap();
    assert_eq!(down(&mut bench), "");
}

#[test]
fn a_tunnel_that_is_lost_often_is_told_until_it_is_calm() {
    let rules = json!({"alertRules": {"thresholds": {"tunnelLosses": 3, "tunnelWindowSec": 100}}});
    let mut bench = Bench::new(&rules);
    let flapping = |bench: &mut Bench| !bench.find(&[Code::TunnelFlapping]).is_empty();
    for since in 0..3 {
        bench.up(since);
        assert!(!flapping(&mut bench));
        bench.pass(10);
    }
    // Lost twice so far; a drain is no loss.
    bench.is_drained = true;
    bench.links.clear();
    assert!(!flapping(&mut bench));
    bench.is_drained = false;
    bench.up(4);
    assert!(!flapping(&mut bench));
    bench.tunnel(None, vec![]);
    assert!(flapping(&mut bench));
    let found = bench.find(&[Code::TunnelFlapping]).remove(0);
    assert_eq!(found.because_of.unwrap().code, Code::TunnelDown);
    bench.up(5);
    assert!(flapping(&mut bench));
    bench.pass(81);
    assert!(!flapping(&mut bench));
    // Before a window is over nobody knows what was before the start.
    let mut fresh = Bench::new(&rules);
    assert!(fresh.look().unknown.contains(&Code::TunnelFlapping));
    fresh.pass(100);
    assert!(!fresh.look().unknown.contains(&Code::TunnelFlapping));
}
