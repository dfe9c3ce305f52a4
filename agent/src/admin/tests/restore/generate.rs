//! Backups of agents that have a bit of everything, by a number.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use underpass_runtime::pki::{
    Authority, CertificateInfo, KeyType, Lifetime, OwnKey, PrivateKey, Subject,
};
use underpass_shared::backup::{
    Absent, CONTENT_FORMAT, Content, Enrolment, IdentityKey, KeptSecret, Machine, Named,
    SeenOperator, Values,
};
use underpass_shared::config::{Document, Revision};
use underpass_shared::id::{AgentId, CredentialId, InstanceId, OperatorId};
use underpass_shared::pki::chain::CertificateUse;
use uuid::Uuid;

use super::super::roles::settings;

/// Now, for everything that is made here, milliseconds UTC.
const NOW: i64 = 1_700_000_000_000;
const YEAR: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 60 * 60);

/// Numbers that follow from a number.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        // Far from those of the next number, so that no two have the same ids.
        Self(Self(seed).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below a number.
    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 0
    }

    fn id(&mut self) -> Uuid {
        let (high, low) = (u128::from(self.next()), u128::from(self.next()));
        uuid::Builder::from_random_bytes((high << 64 | low).to_be_bytes()).into_uuid()
    }

    /// A secret, with characters that formats trip over.
    fn secret(&mut self) -> KeptSecret {
        let odd = ["\"\\", "ä€𝄞", " ", "\u{7f}x", "'$(x)", ""];
        let place = usize::try_from(self.below(6)).unwrap();
        KeptSecret::new(format!("s{:x}{}", self.next(), odd[place]))
    }
}

/// Keys and certificates, which take long to make.
pub(super) struct Pool {
    own: Vec<(CertificateUse, String, String)>,
    identities: Vec<(String, String)>,
    enrolments: Vec<Enrolment>,
}

impl Pool {
    pub(super) fn new() -> Self {
        let lifetime = Lifetime {
            now_ms: NOW,
            valid: YEAR,
        };
        let own = CertificateUse::ALL.map(|one| {
            let key = OwnKey::generate(KeyType::EcdsaP256).unwrap();
            let subject = Subject {
                name: format!("CN={}", one.as_str()).parse().unwrap(),
                alt_names: vec![],
            };
            let certificate = key.self_signed(&subject, one, NOW).unwrap();
            (one, certificate, key.pem().expose().to_owned())
        });
        let identities = (0..3).map(|n| {
            let (authority, key) = Authority::create(&format!("agent {n}"), lifetime).unwrap();
            (authority.certificate().to_owned(), key.to_pem())
        });
        let identities: Vec<(String, String)> = identities.collect();
        let enrolments = identities.iter().map(|(certificate, _)| Enrolment {
            key: KeptSecret::new(PrivateKey::generate().unwrap().to_pem()),
            certificate: certificate.clone(),
            ca_bundle: certificate.clone(),
        });
        Self {
            own: own.into(),
            enrolments: enrolments.collect(),
            identities,
        }
    }

    /// The certificate of the management API with its key, for a host.
    pub(super) fn host_certificate(&self) -> (String, String) {
        let mut own = self.own.iter();
        let ui = own.find(|(one, _, _)| *one == CertificateUse::Ui).unwrap();
        (ui.1.clone(), ui.2.clone())
    }
}

fn mapping(dice: &mut Dice, n: u64) -> Value {
    let kinds = [
        ("HTTP", "nonSAPsys"),
        ("HTTPS", "abapSys"),
        ("TCP", "otherSAPsys"),
        ("RFC", "abapSys"),
        ("LDAP", "nonSAPsys"),
    ];
    let (protocol, kind) = kinds[usize::try_from(dice.below(5)).unwrap()];
    let port = if protocol == "RFC" {
        3_300 + n
    } else {
        8_000 + n
    };
    let mut mapping = json!({
        "virtualAddress": format!("host{n}.virtual:{port}"),
        "internalAddress": format!("127.0.0.{}:{port}", 1 + dice.below(200)),
        "protocol": protocol, "backendType": kind,
        "description": format!("describes {}", dice.next()),
        "systemId": "PRD",
    });
    if dice.yes() {
        mapping["probe"] = json!({"everySec": 30 + dice.below(100)});
    }
    match protocol {
        "HTTP" | "HTTPS" => {
            let resources = (0..dice.below(4)).map(|n| {
                json!({"path": format!("/r{n}"), "enabled": dice.yes(),
                       "exactMatchOnly": dice.yes(), "websocketUpgradeAllowed": dice.yes(),
                       "description": "d"})
            });
            mapping["resources"] = resources.collect();
            mapping["hostInHeader"] = json!("INTERNAL");
            mapping["pathOptions"] = json!({"encodedSlashes": true});
        }
        "RFC" => {
            mapping["rfcOptions"] = json!({"allowedClients": ["100"],
                "blockedUsers": [{"client": "100", "user": "DDIC"}]});
        }
        _ => {}
    }
    mapping
}

fn subaccount(dice: &mut Dice, n: u64) -> Value {
    let instance = dice.id().to_string();
    let mut mappings: Vec<Value> = (0..dice.below(5)).map(|n| mapping(dice, n)).collect();
    mappings.sort_by_key(|one| one["virtualAddress"].to_string());
    json!({
        "regionHost": format!("gate{n}.invalid:8443"),
        "subaccount": dice.id().to_string(),
        "locationId": if dice.yes() { "" } else { "site" },
        "displayName": format!("name {n}"),
        "description": "ä",
        "instance": instance, "credential": instance,
        // What is connected would be dialled by the plan.
        "connected": false,
        "managed": dice.yes(),
        "auditLevel": "ALL",
        "mappings": mappings,
        "domainMappings": [{"virtualDomain": "cloud.example", "internalDomain": "corp.example"}],
        "channels": [{"id": n + 1, "enabled": false, "service": {"K8S": {
            "cluster": "c.example:443", "service": "s", "port": 20_000 + n}}}],
        "identityTrust": {"providers": [{"id": "idp", "name": "P", "enabled": dice.yes()}],
                          "apps": [{"id": "app", "name": "A", "applicationType": "JAVA"}]},
    })
}

/// The settings of the agent as a whole: each of the table or not, and all that have secrets.
fn connector(dice: &mut Dice, pool: &Pool) -> Value {
    let mut connector = json!({});
    for (name, value, _) in settings() {
        if dice.yes() {
            connector[name] = value;
        }
    }
    let mut id = || dice.id().to_string();
    let operators = [("Administrator", "first"), ("Display", "second")];
    let operators = operators.map(|(role, name)| json!({"id": id(), "name": name, "role": role}));
    connector["operators"] = json!(operators);
    connector["proxy"] =
        json!({"host": "proxy.corp", "port": 3128, "user": "u", "credential": id()});
    connector["email"] = json!({"smtpHost": "mail", "smtpUsername": "u", "credential": id()});
    connector["monitoringUsers"] = json!([{"name": "m", "password": id()}]);
    connector["webhooks"] = json!([{"name": "w", "enabled": true, "origin": "https://h.example",
                                    "path": id(), "secret": id()}]);
    let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let url = json!({"url": "https://nas.corp/dav/", "login": {"user": "u", "credential": id()}});
    connector["backupSchedules"] =
        json!([{"name": "n", "cron": "0 1 * * *", "recipients": [key], "target": {"url": url}}]);
    let mut certificates = json!({});
    for (one, certificate, _) in &pool.own {
        certificates[one.as_str()] = json!({"chain": [certificate], "key": id()});
    }
    connector["certificates"] = certificates;
    connector
}

/// A backup of an agent with a bit of everything, and its document.
pub(super) fn backup(seed: u64, pool: &Pool) -> (Content, Document) {
    let dice = &mut Dice::new(seed);
    let subaccounts: Vec<Value> = (0..dice.below(4)).map(|n| subaccount(dice, n)).collect();
    let json = json!({
        "schema": 1, "connector": connector(dice, pool), "subaccounts": subaccounts,
    });
    let document = Document::from_json(&json.to_string()).unwrap();
    let named = Named::of(&document);
    let certificates = &document.connector().certificates;
    let key_of = |one: CertificateUse| {
        let (_, id) = certificates.get(one).certificate().unwrap();
        let mut own = pool.own.iter();
        let (_, _, key) = own.find(|(other, _, _)| *other == one).unwrap();
        (id, KeptSecret::new(key.clone()))
    };
    let place = usize::try_from(seed % 3).unwrap();
    let (chain, key) = pool.identities[place].clone();
    let fingerprint = CertificateInfo::from_pem(&chain).unwrap().fingerprint;
    let operators = document.connector().operators().as_slice().iter();
    let seen = |id: OperatorId| {
        let seen = SeenOperator {
            not_after_ms: Some(NOW),
            last_seen_ms: None,
        };
        (id, seen)
    };
    let genesis = Revision::genesis();
    let revision = genesis.next(
        NOW,
        "a".parse().unwrap(),
        "b".parse().unwrap(),
        document.hash(),
    );
    let keys = [key_of(CertificateUse::System), key_of(CertificateUse::PpCa)];
    let keys: BTreeMap<CredentialId, KeptSecret> = keys.into();
    assert_eq!(named.keys, keys.keys().copied().collect());
    let enrolment = |id: InstanceId| (id, pool.enrolments[place].clone());
    let content = Content {
        format: CONTENT_FORMAT,
        instance: AgentId::of_authority(&fingerprint),
        created_at_ms: NOW,
        product_version: "0.1.0".to_owned(),
        revision,
        document: Content::document_of(&document).unwrap(),
        revisions: vec![],
        secrets: Values {
            passwords: named
                .passwords
                .iter()
                .map(|id| (*id, dice.secret()))
                .collect(),
            keys,
        },
        enrolments: named.enrolments.iter().copied().map(enrolment).collect(),
        absent: Absent::default(),
        identity: IdentityKey {
            key: KeptSecret::new(key),
            chain,
        },
        operators: operators.map(|one| seen(one.id)).collect(),
        audit: None,
        machine: seed.is_multiple_of(2).then(|| Machine {
            listen: vec![],
            keys: [key_of(CertificateUse::Ui)].into(),
        }),
    };
    (content, document)
}
