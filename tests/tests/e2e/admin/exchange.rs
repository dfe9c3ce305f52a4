//! The certificate of the management API is exchanged under load: nobody notices.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use underpass_runtime::file;

use super::certificates::script;
use crate::agent::Agent;
use crate::process::{Process, json as parse, run, until};
use crate::world::World;

/// Requests of each of those who connect anew for each, four at a time ...
const ANEW: usize = 120;
/// ... and of each of those who stay on one connection, thirty in a second.
const STAYING: usize = 60;

/// Who asks all the time: half of them prove who they are, and get what others do not.
struct Callers {
    anew: [Process; 2],
    staying: [Process; 2],
}

impl Callers {
    fn start(world: &World, agent: &Agent, url: &str) -> Self {
        let (certificate, key) = script(agent, &world.pki());
        let proof = format!("--cert '{certificate}' --key '{key}'");
        let ways = [
            (String::new(), format!("{url}/exposed?action=ping")),
            (proof, format!("{url}/api/v1/operator")),
        ];
        let bash = |name: String, script: &str| {
            let mut command = Command::new("bash");
            Process::start(command.args(["-c", script]), world.path(&name))
        };
        let anew = ways.each_ref().map(|(proof, url)| {
            let curl = format!("curl -sk {proof} -o /dev/null -w '%{{http_code}}\\n' '{url}'");
            let script = format!("seq {ANEW} | xargs -P 4 -I@@ {curl}");
            bash(format!("anew-{}.log", proof.len()), &script)
        });
        let staying = ways.each_ref().map(|(proof, url)| {
            let urls = format!("-o /dev/null '{url}' ").repeat(STAYING);
            let format = "'%{http_code} %{num_connects}\\n'";
            let script = format!("curl -sk --rate 30/s {proof} -w {format} {urls}");
            bash(format!("staying-{}.log", proof.len()), &script)
        });
        Self { anew, staying }
    }

    fn got_every_answer(mut self) {
        for one in &mut self.anew {
            assert!(one.wait().success());
            assert_eq!(one.output(), "200\n".repeat(ANEW));
        }
        for one in &mut self.staying {
            assert!(one.wait().success());
            let more = "200 0\n".repeat(STAYING - 1);
            assert_eq!(one.output(), format!("200 1\n{more}"));
        }
    }
}

/// Whether whoever trusts what is in a file alone gets an answer.
fn is_trusted(file: &Path, url: &str) -> bool {
    let mut curl = Command::new("curl");
    let url = format!("{url}/exposed?action=ping");
    let asked = curl.args(["-sSf", "--cacert"]).arg(file).arg(url).output();
    asked.unwrap().status.success()
}

#[test]
fn the_certificate_of_the_management_api_is_exchanged_without_a_failed_request() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let addresses = until("the management API listens", || {
        std::fs::read_to_string(agent.dir.join("addresses.json")).ok()
    });
    let addresses: Value = parse(&addresses);
    let url = addresses["managementUrls"][0].as_str().unwrap();
    let callers = Callers::start(&world, &agent, url);
    let file = world.path("ui.pem");
    for round in 0..4 {
        let subject = format!("CN=round {round}");
        let key = if round == 2 { "rsa2048" } else { "ecdsa" };
        let make = ["--subject", &subject, "--dns", "localhost", "--key", key];
        let make = [&["certificate", "self-signed", "ui"][..], &make].concat();
        run(agent.command(&make));
        let pem = run(agent.command(&["certificate", "show", "ui", "--pem"]));
        file::replace(&file, pem.as_bytes()).unwrap();
        until("the new one is shown", || {
            is_trusted(&file, url).then_some(())
        });
    }
    callers.got_every_answer();
    // The agent's own identity was there all the time, and shows itself again.
    run(agent.command(&["certificate", "remove", "ui"]));
    let identity = agent.dir.join("tls/identity.pem");
    until("the self-made one is shown", || {
        is_trusted(&identity, url).then_some(())
    });
}
