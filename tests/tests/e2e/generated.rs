//! The API of a running agent against its own description, by generated requests over TLS.
//!
//! What is generated, and what is checked of the answers, is in `tests/schemathesis`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::process::{json as parse, run, until};
use crate::world::World;

/// Where schemathesis is, from whoever installed it.
const PROGRAM: &str = "UNDERPASS_SCHEMATHESIS";
/// Further arguments for it, such as how much to generate.
const ARGUMENTS: &str = "UNDERPASS_SCHEMATHESIS_ARGUMENTS";

/// A subaccount with one thing of each kind; `schemathesis.toml` names them too.
fn fill(subaccount: &mut Value) {
    let resources = json!([
        {"path": "/sap", "enabled": true, "exactMatchOnly": false},
        {"path": "/other", "enabled": true, "exactMatchOnly": true},
    ]);
    subaccount["mappings"] = json!([
        {
            "virtualAddress": "erp:443", "internalAddress": "127.0.0.1:1",
            "protocol": "HTTPS", "backendType": "abapSys", "resources": resources,
        },
        {
            "virtualAddress": "rfc:3300", "internalAddress": "127.0.0.1:3300",
            "protocol": "RFC", "backendType": "abapSys", "resources": [],
            "rfcOptions": {
                "allowedClients": ["100", "200"],
                "blockedUsers": [{"client": "100", "user": "DDIC"}],
            },
        },
    ]);
    subaccount["domainMappings"] =
        json!([{"virtualDomain": "example.com", "internalDomain": "corp.internal"}]);
    subaccount["identityTrust"] = json!({
        "providers": [{"id": "idp", "name": "Provider", "enabled": true}],
        "apps": [{"id": "app", "name": "Application", "applicationType": "HTML5"}],
    });
}

/// What there is before the first call: a subaccount that is enrolled and one whose gateway does
/// not answer, with one thing of each kind.
fn document(mut document: Value, certificate: &str) -> Value {
    let subaccounts = document["subaccounts"].as_array_mut().unwrap();
    let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
    subaccounts.push(json!({
        "regionHost": "localhost:9", "subaccount": id, "instance": id, "credential": id,
        "connected": false,
    }));
    subaccounts.iter_mut().for_each(fill);
    // Their numbers and ports are the agent's, not the subaccount's.
    subaccounts[0]["channels"] = json!([
        {"id": 1, "service": {"HANA": {"instanceName": "db", "instanceNumber": 1}}},
        {"id": 2, "service": {"VirtualMachine": {"name": "vm", "endpointId": "vm", "port": 9000}}},
    ]);
    let connector = &mut document["connector"];
    connector["allowedTargets"] = json!(["127.0.0.0/8"]);
    connector["regions"] = json!([{"name": "Own", "regionHost": "own.example"}]);
    let certificates = json!([{"alias": "one", "certificate": certificate}]);
    connector["backendTrust"] = json!({"certificates": certificates});
    connector["emailTrust"] = certificates;
    let rule = |variable: &str| {
        json!({
            "description": "",
            "condition": {"variable": variable, "operator": "exist"},
            "subjectPattern": {"CN": "${name}"},
        })
    };
    connector["subjectPatternRules"] = json!({"rules": [rule("name"), rule("mail")]});
    document
}

/// A new operator with a key of his own: his id, his certificate and his key.
pub(crate) fn issue(
    agent: &Agent,
    folder: &Path,
    name: &str,
    role: &str,
) -> (String, PathBuf, PathBuf) {
    let path = |ending: &str| folder.join(format!("{name}.{ending}"));
    let (key, request, certificate) = (path("key"), path("csr"), path("pem"));
    let mut openssl = Command::new("openssl");
    openssl
        .args(["req", "-new", "-nodes", "-subj", "/CN=operator"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&request);
    run(&mut openssl);
    let mut issue = agent.command(&["operator", "issue", "--name", name, "--role", role]);
    issue.arg("--csr").arg(&request);
    run(issue.arg("--out").arg(&certificate));
    let document = agent.document();
    let operators = document["connector"]["operators"].as_array().unwrap();
    let own = operators.iter().find(|one| one["name"] == name).unwrap();
    let id = own["id"].as_str().unwrap().to_owned();
    (id, certificate, key)
}

#[test]
#[ignore = "needs schemathesis, which `cargo xtask test` and `cargo xtask fuzz-api` install"]
fn serial_generated_requests_get_documented_answers() {
    let program = std::env::var(PROGRAM).expect("cargo xtask sets the path of schemathesis");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis");
    let read = |name: &str| std::fs::read_to_string(own.join(name)).unwrap();

    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let document = document(agent.document(), &read("one.pem"));
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    agent.run();
    agent.until_up();
    let folder = world.path("requests");
    std::fs::create_dir(&folder).unwrap();
    let (operator, certificate, key) = issue(&agent, &folder, "tester", "Administrator");
    let (other, _, _) = issue(&agent, &folder, "other", "Display");
    let told = until("the management API is reachable", || {
        std::fs::read_to_string(agent.dir.join("addresses.json")).ok()
    });
    let addresses = parse(&told);
    let text = |pointer: &str| addresses.pointer(pointer).unwrap().as_str().unwrap();
    let url = text("/managementUrls/0");

    let settings = read("schemathesis.toml")
        .replace(
            "@region@",
            document["subaccounts"][0]["regionHost"].as_str().unwrap(),
        )
        .replace("@subaccount@", &world.tenant.subaccount)
        .replace("@operator@", &other);
    let file = folder.join("schemathesis.toml");
    underpass_runtime::file::replace(&file, settings.as_bytes()).unwrap();
    let mut command = Command::new(program);
    command
        .current_dir(&folder)
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", &own)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "localhost")
        .env("UNDERPASS_OPERATORS", format!("{operator},{other}"))
        .env("UNDERPASS_URL", url)
        .env("UNDERPASS_CA_CERT", text("/caCert"))
        .env("UNDERPASS_CERTIFICATE", &certificate)
        .env("UNDERPASS_KEY", &key)
        .arg("--config-file")
        .arg(&file)
        .args(["run", "--checks", "all", "--tls-verify", text("/caCert")])
        .arg("--request-cert")
        .arg(&certificate)
        .arg("--request-cert-key")
        .arg(&key)
        .args(
            std::env::var(ARGUMENTS)
                .unwrap_or_default()
                .split_whitespace(),
        )
        .arg(format!("{url}/api/v1/openapi.json"));
    let status = command.status().unwrap();
    assert!(agent.process().ended().is_none(), "the agent has ended");
    assert!(status.success(), "see its report above");
}
