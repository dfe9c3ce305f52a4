//! Keys, key stores and chains as Debian's openssl makes and reads them.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use underpass_shared::config::Certificate;
use underpass_shared::pki::alt_name::AltName;
use underpass_shared::pki::chain::{self, CertificateUse, ChainError};
use underpass_shared::secret::Secret;

use super::{KeyType, OwnKey, OwnKeyError, Pkcs12Error, Subject, read_pkcs12};
use crate::clock;

/// A root, a CA below it and a client, RSA and ECDSA, as shell commands for openssl.
const CHAIN: &str = "
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj '/C=DE/CN=Root' 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout ca.key -out ca.csr -subj '/CN=Between' 2>/dev/null
printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=keyCertSign' > ca.ext
openssl x509 -req -in ca.csr -CA root.pem -CAkey root.key -days 20 -extfile ca.ext -out ca.pem 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj '/O=Corp/CN=leaf' 2>/dev/null
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 10 -out leaf.pem 2>/dev/null
cat ca.pem root.pem > cas.pem
";

/// Certificates with one thing wrong each.
const UNFIT: &str = "
openssl req -x509 -newkey rsa:1024 -nodes -keyout weak.key -out weak.pem -subj '/CN=weak' 2>/dev/null
openssl x509 -req -sha1 -in leaf.csr -CA root.pem -CAkey root.key -out sha1.pem 2>/dev/null
printf 'extendedKeyUsage=serverAuth' > s.ext
openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -extfile s.ext -out server.pem 2>/dev/null
";

fn shell(dir: &Path, script: &str) -> String {
    let mut command = Command::new("bash");
    let output = command.args(["-ec", script]).current_dir(dir).output();
    let output = output.expect("bash and openssl are there: apt-get install openssl");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn read(dir: &TempDir, name: &str) -> String {
    std::fs::read_to_string(dir.path().join(name)).unwrap()
}

fn certificates(dir: &TempDir, name: &str) -> Vec<Certificate> {
    Certificate::list(&read(dir, name)).unwrap()
}

fn subjects(chain: &[Certificate]) -> Vec<String> {
    chain.iter().map(|one| one.summary().subject).collect()
}

#[test]
fn key_stores_of_openssl_are_read_modern_and_legacy() {
    let dir = tempfile::tempdir().unwrap();
    shell(dir.path(), CHAIN);
    let export = "openssl pkcs12 -export -inkey leaf.key -in leaf.pem -certfile cas.pem -name x";
    for options in [
        "-passout pass:s3cret",
        "-legacy -passout pass:s3cret",
        "-keypbe AES-128-CBC -certpbe AES-256-CBC -macalg sha512 -passout pass:s3cret",
        "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -passout pass:s3cret",
        "-iter 100000 -passout pass:s3cret",
    ] {
        shell(dir.path(), &format!("{export} {options} -out store.p12"));
        let file = std::fs::read(dir.path().join("store.p12")).unwrap();
        let (key, found) = read_pkcs12(&file, &secret("s3cret")).unwrap();
        let own = OwnKey::from_pem(&secret(&read(&dir, "leaf.key"))).unwrap();
        assert_eq!(key.public(), own.public(), "{options}");
        let chain = chain::of_key(&key.public(), found).unwrap();
        assert_eq!(
            subjects(&chain),
            ["CN=leaf,O=Corp", "CN=Between", "CN=Root,C=DE"],
            "{options}"
        );
        chain::check(&chain, CertificateUse::System).unwrap();
        let wrong = read_pkcs12(&file, &secret("s3cret ")).unwrap_err();
        assert!(
            matches!(wrong, Pkcs12Error::Password),
            "{options}: {wrong:?}"
        );
        let cut = read_pkcs12(&file[..file.len() / 2], &secret("s3cret"));
        assert!(matches!(cut, Err(Pkcs12Error::Format(_))), "{options}");
    }
    shell(
        dir.path(),
        "openssl pkcs12 -export -nokeys -in leaf.pem -passout pass:x -out store.p12",
    );
    let file = std::fs::read(dir.path().join("store.p12")).unwrap();
    let none = read_pkcs12(&file, &secret("x"));
    assert!(matches!(none, Err(Pkcs12Error::Keys(0))), "{none:?}");
}

#[test]
fn keys_are_read_in_every_common_form() {
    let dir = tempfile::tempdir().unwrap();
    shell(
        dir.path(),
        "openssl genrsa -traditional -out rsa1.key 2048 2>/dev/null
         openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa8.key 2>/dev/null
         openssl ecparam -genkey -name prime256v1 -out sec1.key
         openssl ecparam -genkey -name secp521r1 | openssl pkcs8 -topk8 -nocrypt -out ec8.key
         openssl genpkey -algorithm ed25519 -out ed.key
         openssl genrsa -out weak.key 1024 2>/dev/null
         openssl ecparam -genkey -name secp256k1 -noout -out koblitz.key
         openssl pkcs8 -topk8 -in sec1.key -passout pass:x -out encrypted.key
         openssl rsa -in rsa1.key -traditional -aes128 -passout pass:x -out old.key 2>/dev/null",
    );
    for name in ["rsa1.key", "rsa8.key", "sec1.key", "ec8.key", "ed.key"] {
        let key = OwnKey::from_pem(&secret(&read(&dir, name))).unwrap();
        // Kept as it is read again.
        let again = OwnKey::from_pem(key.pem()).unwrap();
        assert_eq!(again.public(), key.public(), "{name}");
    }
    for (name, encrypted) in [("encrypted.key", true), ("old.key", true)] {
        let refused = OwnKey::from_pem(&secret(&read(&dir, name))).unwrap_err();
        assert_eq!(
            matches!(refused, OwnKeyError::Encrypted),
            encrypted,
            "{name}"
        );
    }
    for name in ["weak.key", "koblitz.key"] {
        let refused = OwnKey::from_pem(&secret(&read(&dir, name)));
        assert!(matches!(refused, Err(OwnKeyError::Kind(_))), "{name}");
    }
    let none = OwnKey::from_pem(&secret("-----BEGIN CERTIFICATE-----"));
    assert!(matches!(none, Err(OwnKeyError::Missing)));
}

#[test]
fn openssl_understands_our_requests_and_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let subject = Subject {
        name: "CN=agent,OU=a\\, b,O=Corp,EMAIL=x@y.example,C=de"
            .parse()
            .unwrap(),
        alt_names: vec![
            AltName::new("DNS", "agent.example").unwrap(),
            AltName::new("IP", "10.1.2.3").unwrap(),
        ],
    };
    for kind in [KeyType::EcdsaP256, KeyType::Rsa2048] {
        let key = OwnKey::generate(kind).unwrap();
        for for_use in CertificateUse::ALL {
            let request = key.request(&subject, for_use).unwrap();
            crate::file::replace(&dir.path().join("csr"), request.as_bytes()).unwrap();
            let shown = shell(dir.path(), "openssl req -in csr -noout -verify -text 2>&1");
            assert!(shown.contains("verify OK"), "{shown}");
            assert!(
                shown.contains("DNS:agent.example, IP Address:10.1.2.3"),
                "{shown}"
            );
            assert_eq!(shown.contains("CA:TRUE"), for_use == CertificateUse::PpCa);
            let now = clock::wall_ms();
            let pem = key.self_signed(&subject, for_use, now).unwrap();
            crate::file::replace(&dir.path().join("crt"), pem.as_bytes()).unwrap();
            shell(dir.path(), "openssl verify -x509_strict -CAfile crt crt");
            let chain = chain::ordered(&key.public(), Certificate::list(&pem).unwrap()).unwrap();
            chain::check(&chain, for_use).unwrap();
            chain::check_time(&chain, now).unwrap();
            let name = chain[0].summary().subject;
            assert_eq!(name, "CN=agent,OU=a\\, b,O=Corp,EMAIL=x@y.example,C=DE");
        }
    }
}

#[test]
fn chains_are_ordered_and_what_is_wrong_is_named() {
    let dir = tempfile::tempdir().unwrap();
    shell(dir.path(), CHAIN);
    let own = OwnKey::from_pem(&secret(&read(&dir, "leaf.key"))).unwrap();
    let key = own.public();
    let (leaf, cas) = (
        certificates(&dir, "leaf.pem"),
        certificates(&dir, "cas.pem"),
    );
    let [between, root] = cas.as_slice() else {
        panic!("two");
    };
    let mixed = vec![
        root.clone(),
        leaf[0].clone(),
        between.clone(),
        leaf[0].clone(),
    ];
    let chain = chain::ordered(&key, mixed).unwrap();
    assert_eq!(chain, [leaf[0].clone(), between.clone(), root.clone()]);
    let wrong_order = [leaf[0].clone(), root.clone()];
    let for_use = CertificateUse::System;
    let check = |chain: &[Certificate]| chain::check(chain, for_use);
    assert_eq!(
        check(&wrong_order),
        Err(ChainError::Order("CN=Root,C=DE".to_owned()))
    );
    chain::check(&cas, CertificateUse::PpCa).unwrap();
    let other = chain::ordered(&key, cas.clone());
    assert_eq!(other, Err(ChainError::OtherKey));
    assert_eq!(chain::ordered(&key, vec![]), Err(ChainError::Empty));
}

#[test]
fn weak_and_unfit_certificates_are_named() {
    use ChainError as E;
    let dir = tempfile::tempdir().unwrap();
    shell(dir.path(), CHAIN);
    shell(dir.path(), UNFIT);
    let own = OwnKey::from_pem(&secret(&read(&dir, "leaf.key"))).unwrap();
    let key = own.public();
    let leaf = certificates(&dir, "leaf.pem");
    let check = |chain: &[Certificate]| chain::check(chain, CertificateUse::System);
    let weak = certificates(&dir, "weak.pem");
    assert_eq!(
        check(&weak),
        Err(E::WeakKey {
            subject: "CN=weak".to_owned(),
            bits: 1_024
        })
    );
    let sha1 = certificates(&dir, "sha1.pem");
    assert_eq!(
        check(&sha1),
        Err(E::WeakSignature("CN=leaf,O=Corp".to_owned()))
    );
    let server = certificates(&dir, "server.pem");
    assert!(matches!(
        check(&server),
        Err(E::Purpose {
            needed: "clientAuth",
            ..
        })
    ));
    chain::check(&server, CertificateUse::Ui).unwrap();
    let old = chain::check(&leaf, CertificateUse::Ui);
    assert_eq!(old, Err(E::Version("CN=leaf,O=Corp".to_owned())));
    let no_ca = chain::check(&leaf, CertificateUse::PpCa);
    assert_eq!(no_ca, Err(E::NotCa("CN=leaf,O=Corp".to_owned())));
    let foreign = [leaf.clone(), weak].concat();
    assert_eq!(
        chain::ordered(&key, foreign.clone()),
        Err(E::Unrelated("CN=weak".to_owned()))
    );
    assert_eq!(chain::of_key(&key, foreign).unwrap(), leaf);
    let (start, end) = {
        let summary = leaf[0].summary();
        (summary.not_before_ms, summary.not_after_ms)
    };
    chain::check_time(&leaf, start).unwrap();
    chain::check_time(&leaf, end).unwrap();
    assert!(matches!(
        chain::check_time(&leaf, end + 1_000),
        Err(E::Expired { .. })
    ));
    assert!(matches!(
        chain::check_time(&leaf, start - 1_000),
        Err(E::NotYetValid { .. })
    ));
}
