//! Certificates of many kinds, each with what becomes of it.

mod forge;
mod handshake;
mod names;

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier as _;
use rustls::{CertificateError, OtherError};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use self::forge::{Ca, HOST, NOW, YEAR, leaf, self_signed, time};
use super::refused::CertificateRefused::{self as Refused, *};
use super::store::TrustStore;
use super::verifier::Verifier;
use crate::tls::judge::Judged;

type Der = CertificateDer<'static>;

/// Holds what a back end presents against a trust store.
fn verify(
    trusted: &[&Der],
    presented: &[&Der],
    host: &str,
    by_common_name: bool,
) -> Result<(), Refused> {
    let store = TrustStore::new(trusted.iter().map(|der| der.as_ref()));
    verify_in(store, presented, host, by_common_name)
}

#[expect(clippy::unwrap_in_result, reason = "the error is what is tested")]
fn verify_in(
    store: TrustStore,
    presented: &[&Der],
    host: &str,
    by_common_name: bool,
) -> Result<(), Refused> {
    let verifier = Judged::new(Verifier {
        store: Arc::new(store),
        name_by_common_name: by_common_name,
        algorithms: crate::tls::provider().signature_verification_algorithms,
    });
    let (leaf, others) = presented.split_first().unwrap();
    let others: Vec<Der> = others.iter().map(|&der| der.clone()).collect();
    let host = host.to_owned().try_into().unwrap();
    match verifier.verify_server_cert(leaf, &others, &host, &[], time(NOW)) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(reason)))) => {
            Err(*reason.downcast_ref().unwrap())
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn an_issuer_in_the_trust_store_is_believed() {
    let root = Ca::root("Root", |_| {});
    let between = root.ca("Between", |_| {});
    let below = between.issue(leaf(HOST));
    let direct = root.issue(leaf(HOST));
    let chain = [&below, &between.der];
    for (what, trusted, presented, expected) in [
        ("by its CA", vec![&root.der], vec![&direct], Ok(())),
        ("by the root", vec![&root.der], chain.to_vec(), Ok(())),
        (
            "by the one between",
            vec![&between.der],
            vec![&below],
            Ok(()),
        ),
        (
            "by the one between, sent along",
            vec![&between.der],
            chain.to_vec(),
            Ok(()),
        ),
        (
            "the one between is missing",
            vec![&root.der],
            vec![&below],
            Err(Untrusted),
        ),
        (
            "an empty store",
            vec![],
            chain.to_vec(),
            Err(NothingTrusted),
        ),
        (
            "the root is sent but not trusted",
            vec![&direct],
            vec![&below, &between.der, &root.der],
            Err(Untrusted),
        ),
    ] {
        assert_eq!(
            verify(&trusted, &presented, HOST, false),
            expected,
            "{what}"
        );
    }
    assert_eq!(
        verify_in(
            TrustStore::all(),
            &[&self_signed(&leaf("other"))],
            HOST,
            false
        ),
        Ok(())
    );
}

#[test]
fn a_leaf_in_the_trust_store_stands_for_itself_alone() {
    let root = Ca::root("Root", |_| {});
    let own = self_signed(&leaf(HOST));
    let other = self_signed(&leaf(HOST));
    let issued = root.issue(leaf(HOST));
    // As `openssl req -x509` makes them.
    let own_ca = Ca::root("Own", |params| forge::name(params, HOST));
    let past = self_signed(&forge::valid(leaf(HOST), NOW - 2 * YEAR, NOW - YEAR));
    let future = self_signed(&forge::valid(leaf(HOST), NOW + YEAR, NOW + 2 * YEAR));
    let client = self_signed(&forge::for_clients(leaf(HOST)));
    for (what, trusted, presented, expected) in [
        ("self-signed", &own, &own, Ok(())),
        ("issued by an unknown CA", &issued, &issued, Ok(())),
        ("self-signed and a CA", &own_ca.der, &own_ca.der, Ok(())),
        ("another of the same name", &own, &other, Err(Untrusted)),
        (
            "issued by the same CA",
            &issued,
            &root.issue(leaf(HOST)),
            Err(Untrusted),
        ),
        ("expired", &past, &past, Err(Expired)),
        ("not yet valid", &future, &future, Err(NotYetValid)),
        (
            "for another host",
            &self_signed(&leaf("b.test")),
            &self_signed(&leaf("b.test")),
            Err(Untrusted),
        ),
        ("for clients", &client, &client, Err(Purpose)),
    ] {
        assert_eq!(
            verify(&[trusted], &[presented], HOST, false),
            expected,
            "{what}"
        );
    }
    assert_eq!(verify(&[&own], &[&own], "b.test", false), Err(OtherName));
}

/// A server of this CA, presented alone.
fn alone(ca: &Ca) -> Vec<Der> {
    vec![ca.issue(leaf(HOST))]
}

/// A server of this CA, presented with the CA's certificate.
fn with_issuer(ca: &Ca) -> Vec<Der> {
    vec![ca.issue(leaf(HOST)), ca.der.clone()]
}

#[test]
fn who_is_no_ca_issues_nothing_from_the_store() {
    let root = Ca::root("Root", |_| {});
    let server = root.leaf_with_key(leaf("server"));
    let vague = root.leaf_with_key(forge::any_key_usage("server"));
    let unsigned = Ca::root("No signing", forge::may_not_sign);
    let clients = Ca::root("Clients", forge::only_for_clients);
    let old = Ca::root("Old", |params| forge::until(params, NOW - YEAR));
    let twin = Ca::root("Root", |_| {});
    let as_server = root.issue_ca(HOST);
    for (what, trusted, presented, expected) in [
        ("a leaf", &server, alone(&server), Untrusted),
        ("a leaf without key usage", &vague, alone(&vague), Untrusted),
        ("may not sign", &unsigned, alone(&unsigned), Untrusted),
        ("for clients", &clients, alone(&clients), Untrusted),
        ("expired", &old, alone(&old), Expired),
        ("another of the same name", &root, alone(&twin), Untrusted),
        ("a CA as server", &root, vec![as_server], AuthorityAsServer),
    ] {
        let presented: Vec<&Der> = presented.iter().collect();
        let verified = verify(&[&trusted.der], &presented, HOST, false);
        assert_eq!(verified, Err(expected), "{what}");
    }
    // Beside its renewed certificate the expired one does no harm.
    let trusted = [&old.der, &old.renewed()];
    let verified = verify(&trusted, &[&old.issue(leaf(HOST))], HOST, false);
    assert_eq!(verified, Ok(()));
}

#[test]
fn who_is_no_ca_issues_nothing_in_between() {
    let root = Ca::root("Root", |_| {});
    let server = root.leaf_with_key(leaf("server"));
    let unsigned = root.ca("No signing", forge::may_not_sign);
    let clients = root.ca("Clients", forge::only_for_clients);
    let old = root.ca("Old", |params| forge::until(params, NOW - YEAR));
    let shallow = Ca::root("Shallow", |params| forge::path_len(params, 0));
    let deep = shallow.ca("Deep", |_| {});
    for (what, trusted, presented, expected) in [
        ("a leaf", &root, with_issuer(&server), NotAuthority),
        ("may not sign", &root, with_issuer(&unsigned), NotAuthority),
        ("for clients", &root, with_issuer(&clients), Purpose),
        ("expired", &root, with_issuer(&old), Expired),
        ("too deep", &shallow, with_issuer(&deep), Constraint),
    ] {
        let presented: Vec<&Der> = presented.iter().collect();
        let verified = verify(&[&trusted.der], &presented, HOST, false);
        assert_eq!(verified, Err(expected), "{what}");
    }
}

#[test]
fn what_the_leaf_says_of_itself_counts() {
    let root = Ca::root("Root", |_| {});
    for (what, params, expected) in [
        ("for servers", leaf(HOST), Ok(())),
        (
            "for nothing in particular",
            forge::for_anything(leaf(HOST)),
            Ok(()),
        ),
        ("for clients", forge::for_clients(leaf(HOST)), Err(Purpose)),
        (
            "expired",
            forge::valid(leaf(HOST), NOW - 2 * YEAR, NOW - YEAR),
            Err(Expired),
        ),
        (
            "not yet valid",
            forge::valid(leaf(HOST), NOW + YEAR, NOW + 2 * YEAR),
            Err(NotYetValid),
        ),
        ("for another host", leaf("other.test"), Err(OtherName)),
        (
            "with something critical and unknown",
            forge::critical(leaf(HOST)),
            Err(Unreadable),
        ),
    ] {
        let presented = root.issue(params);
        assert_eq!(
            verify(&[&root.der], &[&presented], HOST, false),
            expected,
            "{what}"
        );
    }
}

#[test]
fn outdated_certificates_are_refused() {
    let pem = include_str!("tests/old.pem");
    let read: Vec<Der> = Der::pem_slice_iter(pem.as_bytes())
        .map(Result::unwrap)
        .collect();
    let [ca, sha1, short, version_1] = read.as_slice() else {
        panic!("a CA and three leaves");
    };
    for (what, presented, expected) in [
        ("SHA-1", sha1, WeakSignature),
        ("RSA with 1024 bits", short, WeakKey),
        ("version 1", version_1, Unreadable),
    ] {
        assert_eq!(
            verify(&[ca], &[presented], HOST, true),
            Err(expected),
            "{what}"
        );
    }
    assert_eq!(verify(&[short], &[short], HOST, false), Err(WeakKey));
    assert_eq!(
        verify(&[version_1], &[version_1], HOST, true),
        Err(Unreadable)
    );
    // A pinned certificate is believed for itself, so its issuer's signature says nothing.
    assert_eq!(verify(&[sha1], &[sha1], HOST, false), Ok(()));
}
