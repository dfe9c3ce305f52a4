//! Certificates that end.

use underpass_shared::pki::expiry::{Enrolled, expiries};

use super::*;

const CERTIFICATE: &str = include_str!("../../admin/tests/old.pem");
const DAY_MS: i64 = 86_400_000;

#[test]
fn certificates_are_told_by_their_days() {
    let trusted = json!([{"alias": "corp", "certificate": CERTIFICATE}]);
    let mut bench = Bench::new(&json!({
        "backendTrust": {"certificates": trusted}, "emailTrust": trusted}));
    let end = bench.document.connector().backend_trust.certificates()[0]
        .certificate
        .summary()
        .not_after_ms;
    let enrolled = Enrolled {
        key: bench.key(),
        subject_dn: "CN=agent".to_owned(),
        not_before_ms: end - 8 * DAY_MS,
        not_after_ms: end,
    };
    let codes = [
        Code::TrustCertificate,
        Code::OperatorCertificate,
        Code::SubaccountCertificate,
    ];
    let mut at = |left: i64| {
        bench.now.wall_ms = end - left;
        let known = expiries(&bench.document, std::slice::from_ref(&enrolled), end - left);
        bench.endings = certificates::all(&bench.document, &known);
        bench.endings.push(Ending::operator("anna", end));
        let found = bench.find(&codes).into_iter();
        found
            .map(|one| (one.id.entity, one.days_left.unwrap(), one.text))
            .collect::<Vec<_>>()
    };
    assert_eq!(at(31 * DAY_MS), vec![]);
    let near = at(30 * DAY_MS);
    let entities: Vec<&str> = near.iter().map(|(entity, ..)| entity.as_str()).collect();
    assert_eq!(entities, ["back ends: corp", "mail servers: corp", "anna"]);
    assert_eq!(
        near[2].2,
        "the certificate of operator anna ends in 30 days"
    );
    // One that is renewed by itself is near only when that does not happen.
    assert_eq!(at(3 * DAY_MS).len(), 3);
    assert_eq!(at(2 * DAY_MS).len(), 4);
    let over = at(-1);
    assert!(
        over.iter()
            .all(|(_, left, text)| *left == -1 && text.ends_with("is expired"))
    );
}
