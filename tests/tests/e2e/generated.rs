//! The API of a running agent against its own description, by generated requests.
//!
//! What is generated, and what is checked of the answers, is in `tests/schemathesis`.

use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, UnixStream};

use crate::agent::Agent;
use crate::process::{run, until};

/// Where schemathesis is, from whoever installed it.
const PROGRAM: &str = "UNDERPASS_SCHEMATHESIS";
/// Further arguments for it, such as how much to generate.
const ARGUMENTS: &str = "UNDERPASS_SCHEMATHESIS_ARGUMENTS";

/// What there is before the first call; `schemathesis.toml` names it too. No gateway is dialled.
fn document() -> Value {
    let subaccount = |n: u8| {
        let id = format!("0190a5a2-6d0e-7cc0-8000-00000000000{n}");
        json!({
            "regionHost": "localhost:9",
            "subaccount": id,
            "instance": id,
            "credential": id,
            "connected": false,
            "mappings": [{
                "virtualAddress": "erp:443",
                "internalAddress": "10.0.0.1:443",
                "protocol": "HTTPS",
                "backendType": "abapSys",
                "resources": [{"path": "/sap", "enabled": true, "exactMatchOnly": false}],
            }],
        })
    };
    json!({"schema": 1, "subaccounts": [subaccount(1), subaccount(2)]})
}

/// Makes the local socket reachable for a program that knows TCP only; the port.
async fn forward(socket: PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accept = async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            let socket = socket.clone();
            let carry = async move {
                let mut agent = UnixStream::connect(socket).await.unwrap();
                // Either side may leave at any time.
                drop(copy_bidirectional(&mut caller, &mut agent).await);
            };
            drop(tokio::task::spawn_local(carry));
        }
    };
    drop(tokio::task::spawn_local(accept));
    port
}

#[tokio::test]
#[ignore = "needs schemathesis, which `cargo xtask test` and `cargo xtask fuzz-api` install"]
async fn serial_generated_requests_get_documented_answers() {
    let program = std::env::var(PROGRAM).expect("cargo xtask sets the path of schemathesis");
    let folder = TempDir::new().unwrap();
    let mut agent = Agent::new(folder.path().join("agent"), "", &[]);
    let file = folder.path().join("document.json");
    underpass_runtime::file::replace(&file, document().to_string().as_bytes()).unwrap();
    run(agent.command(&["document", "apply", &file.display().to_string()]));
    agent.run();
    let socket = agent.dir.join("admin.sock");
    until("the agent answers", || StdStream::connect(&socket).ok());

    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis");
    let arguments = std::env::var(ARGUMENTS).unwrap_or_default();
    let local = tokio::task::LocalSet::new();
    let tested = local.run_until(async {
        let port = forward(socket).await;
        let mut command = tokio::process::Command::new(program);
        command
            .current_dir(folder.path())
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("PYTHONPATH", &own)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg("--config-file")
            .arg(own.join("schemathesis.toml"))
            .args(["run", "--checks", "all"])
            .args(arguments.split_whitespace())
            .arg(format!("http://127.0.0.1:{port}/api/v1/openapi.json"))
            .kill_on_drop(true);
        command.status().await.unwrap()
    });
    assert!(tested.await.success(), "see its report above");
    assert!(agent.process().ended().is_none(), "the agent has ended");
}
