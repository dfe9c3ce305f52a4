//! Client certificates of an organisation's own CA.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use underpass_fleet::FleetError;
use underpass_fleet::client::Known;
use underpass_shared::api::management::{OperatorTarget, Query, Target, Verb};
use underpass_shared::rights::Role;
use underpass_shared::secret::Secret;

use super::certificates::{CUT_TIME, lasts};
use super::{Managed, hung_up, refused};
use crate::process::{refuse, run};

/// A CA with one below it and clients; a CA of the same name, whose certificates are worth nothing.
const CAS: &str = "
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.pem -days 9 -subj '/CN=Corp'
}
client() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj $2
  printf \"$3\" > $1.ext
  openssl x509 -req -in $1.csr -CA $4.pem -CAkey $4.key -days 5 -extfile $1.ext -out $1.pem
}
authority corp
authority rogue
client below /CN=Below 'basicConstraints=critical,CA:TRUE\\nkeyUsage=keyCertSign' corp
client anna /O=Example/OU=Operations/CN=anna extendedKeyUsage=clientAuth below
cat below.pem >> anna.pem
client sales /O=Example/OU=Sales/CN=anna extendedKeyUsage=clientAuth corp
client unsaid /O=Example/OU=Operations/CN=anna basicConstraints=CA:FALSE corp
client server /O=Example/OU=Operations/CN=anna extendedKeyUsage=serverAuth corp
client forged /O=Example/OU=Operations/CN=anna extendedKeyUsage=clientAuth rogue
";

/// The organisation's folder.
struct Corp(TempDir);

impl Corp {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("bash");
        run(command
            .args(["-ec", &format!("exec 2>/dev/null\n{CAS}")])
            .current_dir(dir.path()));
        Self(dir)
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.path().join(file)).unwrap()
    }

    /// A client that knows an agent as `paired` does, with a certificate from here.
    fn client(&self, name: &str, paired: &Known) -> Known {
        Known {
            certificate: self.read(&format!("{name}.pem")),
            key: Secret::new(self.read(&format!("{name}.key"))),
            ..paired.clone()
        }
    }

    fn trust(&self, rules: &Value) -> Value {
        json!({"authorities": [{"alias": "corp", "certificate": self.read("corp.pem")}],
               "rules": rules})
    }
}

fn set(managed: &Managed, known: &Known, organisation: &Value) -> Result<(), FleetError> {
    let target = Target::Operators(OperatorTarget::Organisation);
    let (client, query) = (managed.client(known), Query::default());
    let sent = client.send(Verb::Put, &target, &query, organisation);
    managed.runtime.block_on(sent).map(drop)
}

#[test]
fn clients_of_a_trusted_ca_have_the_role_of_the_first_rule_that_fits() {
    let (managed, corp) = (Managed::start(), Corp::new());
    let paired = managed.operator("paired", Role::Administrator);
    let anna = corp.client("anna", &paired);
    assert!(hung_up(managed.own(&anna)));
    let operations =
        |role: &str| json!({"authority": "corp", "match": {"OU": "Operations"}, "role": role});
    set(&managed, &paired, &corp.trust(&json!([]))).unwrap();
    // Trusted, but without a rule.
    assert_eq!(refused(managed.own(&anna)), 401);
    let whole = json!({"authority": "corp", "match": {"subject": "CN=anna,OU=Operations,O=Example"},
                       "role": "Administrator"});
    let rules = json!([whole, operations("Display")]);
    set(&managed, &paired, &corp.trust(&rules)).unwrap();
    let own = managed.own(&anna).unwrap();
    let author = "organisation:corp:CN=anna,OU=Operations,O=Example";
    assert_eq!(
        (own.author.as_str(), own.role),
        (author, Role::Administrator)
    );
    assert_eq!(own.operator, None);
    assert_eq!(refused(managed.own(&corp.client("sales", &paired))), 401);
    assert_eq!(refused(managed.own(&corp.client("unsaid", &paired))), 401);
    for bad in ["server", "forged"] {
        assert!(hung_up(managed.own(&corp.client(bad, &paired))), "{bad}");
    }
    // She is the author of what she does; and she does not count as the last Administrator.
    let agent = &managed.agent;
    set(&managed, &anna, &corp.trust(&json!([whole]))).unwrap();
    assert_eq!(agent.tell(&["revision", "list"])[0]["author"], author);
    assert!(
        refuse(agent.command(&["operator", "revoke", "paired"])).contains("last Administrator")
    );
    // Rules and CAs that end take connections with them, and no undo brings them back.
    set(
        &managed,
        &paired,
        &corp.trust(&json!([operations("Display")])),
    )
    .unwrap();
    assert_eq!(managed.own(&anna).unwrap().role, Role::Display);
    assert_eq!(refused(set(&managed, &anna, &corp.trust(&json!([])))), 403);
    let other = lasts(&managed, &anna, || {
        set(
            &managed,
            &paired,
            &corp.trust(&json!([operations("Support")])),
        )
        .unwrap();
    });
    let before = agent.document();
    let gone = lasts(&managed, &anna, || {
        set(&managed, &paired, &json!({"authorities": [], "rules": []})).unwrap();
    });
    println!("another role {other:?}, CA removed {gone:?}");
    assert!(other < CUT_TIME && gone < CUT_TIME, "{other:?} {gone:?}");
    assert!(hung_up(managed.own(&anna)));
    let file = agent.write(&before);
    let error = refuse(agent.command(&["document", "apply", &file]));
    assert!(
        error.contains("organisation: CAs and rules come in"),
        "{error}"
    );
    run(agent.command(&["document", "apply", &file, "--readmit-operators"]));
    assert_eq!(managed.own(&anna).unwrap().role, Role::Support);
}

/// Even where somebody trusts another agent's identity as if it were an organisation's CA.
#[test]
fn a_certificate_of_one_agent_is_worth_nothing_on_another() {
    let (managed, other) = (Managed::start(), Managed::start());
    let paired = managed.operator("anna", Role::Display);
    let admin = managed.operator("admin", Role::Administrator);
    let elsewhere = Known {
        agent: paired.agent,
        ca_cert: paired.ca_cert.clone(),
        ..other.operator("anna", Role::Administrator)
    };
    let identity = |managed: &Managed| {
        std::fs::read_to_string(managed.agent.dir.join("tls/identity.pem")).unwrap()
    };
    let subject = {
        let mut command = Command::new("openssl");
        let file = other.agent.dir.join("other.pem");
        underpass_runtime::file::replace(&file, elsewhere.certificate.as_ref()).unwrap();
        let arguments = ["x509", "-noout", "-subject", "-nameopt", "RFC2253", "-in"];
        let told = run(command.args(arguments).arg(&file));
        told.trim().trim_start_matches("subject=").to_owned()
    };
    println!("subject {subject:?}");
    let rule = |alias: &str| json!({"authority": alias, "match": {"subject": subject}, "role": "Administrator"});
    set(
        &managed,
        &admin,
        &json!({
            "authorities": [{"alias": "other", "certificate": identity(&other)},
                            {"alias": "own", "certificate": identity(&managed)}],
            "rules": [rule("other"), rule("own")],
        }),
    )
    .unwrap();
    assert_eq!(refused(managed.own(&elsewhere)), 401);
    let own = managed.own(&paired).unwrap();
    assert_eq!(
        (own.author.as_str(), own.role),
        ("operator:anna", Role::Display)
    );
}
