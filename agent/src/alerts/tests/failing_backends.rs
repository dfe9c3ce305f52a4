//! Back ends that fail, are slow or away.

use underpass_shared::monitor::{Histogram, Tally};

use super::*;

fn tally(sum: u64) -> Point {
    Point::Tally(Tally::of(sum, 15_000))
}

#[test]
fn back_ends_are_told_when_they_fail_are_slow_or_away() {
    let rules = json!({"alertRules": {"thresholds": {
        "latencyMs": 500, "errorRatePercent": 20, "leastRequests": 10, "backendWindowSec": 60}}});
    let mut bench = Bench::new(&rules);
    let codes = [Code::BackendErrors, Code::BackendLatency, Code::BackendDown];
    let mapping = bench.mapping();
    let traffic = |requests: u64, failed: u64, slow: u64| {
        let mut times = Histogram::default();
        for n in 0..requests {
            times.record(if n < slow { 800_000 } else { 20_000 });
        }
        vec![
            (mapping.clone(), Metric::Requests, tally(requests)),
            (mapping.clone(), Metric::RequestsFailed, tally(failed / 2)),
            (
                mapping.clone(),
                Metric::AnswersServerError,
                tally(failed - failed / 2),
            ),
            (
                mapping.clone(),
                Metric::TimeBackend,
                Point::Durations(times),
            ),
        ]
    };
    let found = |bench: &mut Bench| {
        let found = bench.find(&codes).into_iter();
        found.map(|one| one.id.code).collect::<Vec<_>>()
    };
    // Too few to say anything.
    bench.measure(traffic(9, 9, 0));
    assert_eq!(found(&mut bench), vec![]);
    bench.measure(traffic(91, 10, 0));
    // The same sample counts once.
    assert_eq!(found(&mut bench), vec![]);
    assert_eq!(found(&mut bench), vec![]);
    bench.measure(traffic(100, 30, 30));
    assert_eq!(found(&mut bench), codes[..2]);
    let texts = bench.find(&codes);
    assert!(
        texts[0].text.starts_with("49 of 200 requests"),
        "{}",
        texts[0].text
    );
    assert!(
        texts[1].text.contains("the limit is 500 ms"),
        "{}",
        texts[1].text
    );
    // Both follow from a back end that is away.
    assert!(
        texts
            .iter()
            .all(|one| one.because_of.as_ref().unwrap().code == Code::BackendDown)
    );
    // What was before the window is forgotten, also without further requests.
    for _ in 0..5 {
        bench.measure(vec![]);
        bench.look();
    }
    assert_eq!(found(&mut bench), vec![]);
    // What one probe measures is told by those who count them.
    bench.measure(vec![(mapping.clone(), Metric::BackendUp, gauge(0.0))]);
    assert_eq!(found(&mut bench), vec![]);
    // Of a mapping that is gone nobody is told.
    bench.measure(traffic(100, 100, 100));
    assert_eq!(found(&mut bench).len(), 2);
    let Entity::Mapping(key, address) = mapping.clone() else {
        unreachable!()
    };
    bench.document = bench.document.without_mapping(key, address).unwrap();
    assert_eq!(found(&mut bench), vec![]);
}
