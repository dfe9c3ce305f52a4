//! Pairing: who gets in, and who does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use underpass_fleet::FleetError;
use underpass_fleet::pairing::Door;
use underpass_runtime::clock;
use underpass_runtime::pki::PrivateKey;
use underpass_shared::api::management::{
    OperatorTarget, PairRequest, Paired, PairingShown, PairingState, Target,
};
use underpass_shared::pairing::{PairingLink, PairingSecret, TRIES};
use underpass_shared::rights::Role;

use super::{Managed, refused};
use crate::process::refuse;

/// A client's first message on a new connection, right or not.
fn knock(managed: &Managed, link: &PairingLink) -> (Door, PairRequest) {
    let door = managed.runtime.block_on(Door::find(link, &managed.tasks));
    let door = door.unwrap();
    let csr = PrivateKey::generate().unwrap().request().unwrap();
    let proof = STANDARD.encode(door.handshake(&csr).client(&link.secret));
    let request = PairRequest {
        csr,
        proof,
        name: None,
    };
    (door, request)
}

fn send(managed: &Managed, door: &mut Door, request: &PairRequest) -> Result<Paired, FleetError> {
    managed.runtime.block_on(door.knock(request))
}

#[test]
fn a_paired_client_is_an_operator_and_both_sides_show_the_same_words() {
    let mut managed = Managed::start();
    let link = managed.invite(Role::Administrator, &["--name", "anna"]);
    let anna = managed.try_pair(&link).unwrap();
    assert_eq!(
        (anna.operator.name.as_str(), anna.operator.role),
        ("anna", Role::Administrator)
    );
    let own = managed.own(&anna.known).unwrap();
    assert_eq!(
        (own.author.as_str(), own.role),
        ("operator:anna", Role::Administrator)
    );
    let client = managed.client(&anna.known);
    let shown: PairingShown = managed
        .runtime
        .block_on(client.get(&Target::Operators(OperatorTarget::Pairing)))
        .unwrap();
    assert_eq!(shown.state, PairingState::Used);
    assert_eq!(shown.words, anna.words);
    assert_eq!(anna.words.len(), 6);
    assert!(managed.logged(&anna.words.join(" ")));
    // The string is used up, and the secret of it is nowhere.
    assert_eq!(refused(managed.try_pair(&link)), 401);
    let text = link.to_string();
    assert!(!managed.logged(text.rsplit('.').next().unwrap()));
    // The client renews in time, with a new key; the old certificate is good until it ends.
    let now = clock::wall_ms();
    assert!(!anna.known.renewal_is_due(now).unwrap());
    assert!(anna.known.renewal_is_due(now + 46 * 86_400_000).unwrap());
    let renewed = managed.runtime.block_on(client.renewed()).unwrap();
    assert_ne!(renewed.key, anna.known.key);
    for known in [&renewed, &anna.known] {
        assert_eq!(
            managed.own(known).unwrap().operator.unwrap().id,
            anna.operator.id
        );
    }
    let listed = managed.agent.tell(&["operator", "list"]);
    assert_eq!(listed[0]["name"], "anna");
    assert!(listed[0]["lastSeenTimeStamp"].as_i64().unwrap() > 0);
    assert!(listed[0]["certificateNotAfterTimeStamp"].as_i64().unwrap() > now);
}

#[test]
fn five_wrong_proofs_end_a_string() {
    let managed = Managed::start();
    let link = managed.invite(Role::Display, &[]);
    let guessed = PairingLink {
        secret: PairingSecret::new([0; 16]),
        ..link.clone()
    };
    for _ in 0..TRIES {
        assert_eq!(refused(managed.try_pair(&guessed)), 403);
    }
    assert_eq!(refused(managed.try_pair(&link)), 401);
    // Another one works, and one made later takes its place.
    let older = managed.invite(Role::Display, &[]);
    let newer = managed.invite(Role::Display, &[]);
    assert_eq!(refused(managed.try_pair(&older)), 403);
    managed.try_pair(&newer).unwrap();
}

#[test]
fn what_was_overheard_is_worth_nothing_and_two_at_once_are_one() {
    let managed = Managed::start();
    let link = managed.invite(Role::Display, &[]);
    let (mut first, request) = knock(&managed, &link);
    let (mut second, own) = knock(&managed, &link);
    // The message of one connection on another one; another request with the same proof.
    assert_eq!(refused(send(&managed, &mut second, &request)), 403);
    let other = PairRequest {
        csr: own.csr.clone(),
        ..request.clone()
    };
    assert_eq!(refused(send(&managed, &mut first, &other)), 403);
    let malformed = PairRequest {
        proof: "%".to_owned(),
        ..request.clone()
    };
    assert_eq!(refused(send(&managed, &mut first, &malformed)), 400);
    let both = async { tokio::join!(first.knock(&request), second.knock(&own)) };
    let both = managed.runtime.block_on(both);
    let (good, bad) = match both {
        (Ok(good), bad) | (bad, Ok(good)) => (good, bad),
        (Err(one), Err(other)) => panic!("{one:?} {other:?}"),
    };
    let status = refused(bad);
    assert!([401, 403].contains(&status), "{status}");
    assert_eq!(
        managed
            .agent
            .tell(&["operator", "list"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(good.issued.operator.role, Role::Display);
}

#[test]
fn another_agent_is_not_talked_to_and_a_bad_request_costs_no_string() {
    let (managed, other) = (Managed::start(), Managed::start());
    let link = managed.invite(Role::Display, &[]);
    let misled = PairingLink {
        address: other.address(),
        ..link.clone()
    };
    let error = managed.try_pair(&misled).unwrap_err();
    assert!(matches!(error, FleetError::Handshake { .. }), "{error:?}");
    let (mut door, mut request) = knock(&managed, &link);
    request.csr = "no request".to_owned();
    request.proof = STANDARD.encode(door.handshake(&request.csr).client(&link.secret));
    assert_eq!(refused(send(&managed, &mut door, &request)), 400);
    managed.try_pair(&link).unwrap();
    let wrong = ["pair", "--role", "Operator"];
    assert!(refuse(managed.agent.command(&wrong)).contains("role must be"));
}
