//! Names: alternative names, common names where they are allowed, and what issuers allow.

use rcgen::SanType;

use super::forge::{self, Ca, HOST, leaf};
use super::{Refused, verify};

/// Name in the certificate, host, whether it fits.
const ALTERNATIVE: &[(&str, &str, bool)] = &[
    ("erp.test", "erp.test", true),
    ("erp.test", "ERP.test", true),
    ("*.corp.test", "erp.corp.test", true),
    ("*.corp.test", "corp.test", false),
    ("*.corp.test", "a.erp.corp.test", false),
    ("e*.corp.test", "erp.corp.test", false),
    ("10.1.2.3", "10.1.2.3", true),
    ("10.1.2.3", "10.1.2.4", false),
    ("fd00::1", "fd00:0::1", true),
    ("erp.test", "erp", false),
    ("my_host", "my_host", true),
];

#[test]
fn alternative_names_name_hosts_and_addresses() {
    let root = Ca::root("Root", |_| {});
    for (name, host, fits) in ALTERNATIVE {
        let presented = root.issue(leaf(name));
        let expected = if *fits {
            Ok(())
        } else {
            Err(Refused::OtherName)
        };
        let verified = verify(&[&root.der], &[&presented], host, false);
        assert_eq!(verified, expected, "{name} for {host}");
    }
    // A name that looks like an address is none.
    let mut params = leaf("x");
    params.subject_alt_names = vec![SanType::DnsName("10.1.2.3".try_into().unwrap())];
    let presented = root.issue(params);
    let verified = verify(&[&root.der], &[&presented], "10.1.2.3", true);
    assert_eq!(verified, Err(Refused::OtherName));
}

#[test]
fn common_names_count_where_allowed_and_alone() {
    let root = Ca::root("Root", |_| {});
    for (name, host, fits) in [
        ("erp.test", "erp.test", true),
        ("ERP.test", "erp.test", true),
        ("*.corp.test", "erp.corp.test", true),
        ("*.test", "erp.test", false),
        ("*", "erp", false),
        ("*.corp.test", "a.b.corp.test", false),
        ("10.1.2.3", "10.1.2.3", true),
        ("other.test", "erp.test", false),
        ("", "erp.test", false),
    ] {
        let presented = root.issue(forge::common_name_only(name));
        let by_option = verify(&[&root.der], &[&presented], host, true);
        let expected = if fits {
            Ok(())
        } else {
            Err(Refused::OtherName)
        };
        assert_eq!(by_option, expected, "{name} for {host}");
        let pinned = verify(&[&presented], &[&presented], host, true);
        assert_eq!(pinned, expected, "{name} for {host}, pinned");
        let without = verify(&[&root.der], &[&presented], host, false);
        assert_eq!(
            without,
            Err(Refused::OtherName),
            "{name} without the option"
        );
    }
    // Any alternative name makes the common name count for nothing.
    let mut params = forge::common_name_only(HOST);
    params.subject_alt_names = vec![SanType::DnsName("other.test".try_into().unwrap())];
    let presented = root.issue(params);
    let verified = verify(&[&root.der], &[&presented], HOST, true);
    assert_eq!(verified, Err(Refused::OtherName));
}

#[test]
fn issuers_may_limit_the_names() {
    let root = Ca::root("Root", |_| {});
    let limited = root.ca("Limited", |params| forge::permit(params, "corp.test"));
    let limited_root = Ca::root("Limited root", |params| forge::permit(params, "corp.test"));
    let host = "erp.corp.test";
    for (what, params, host, expected) in [
        ("within", leaf(host), host, Ok(())),
        ("outside", leaf(HOST), HOST, Err(Refused::Constraint)),
        (
            "common name",
            forge::common_name_only(host),
            host,
            Err(Refused::Constraint),
        ),
    ] {
        let presented = limited.issue(params.clone());
        let verified = verify(&[&root.der], &[&presented, &limited.der], host, true);
        assert_eq!(verified, expected, "{what}");
        let presented = limited_root.issue(params);
        let verified = verify(&[&limited_root.der], &[&presented], host, true);
        assert_eq!(verified, expected, "{what}, by the root");
    }
}
