//! What the gateway takes an agent's word for, and whose word counts.

use serde_json::{Value, json};
use underpass_agent::credentials::{CredentialStore, Credentials};
use underpass_agent::tunnel::Route;
use underpass_agent::tunnel::control::Gateway;
use underpass_runtime::pki::PrivateKey;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::handover::{ABORT, COMPLETE, PRESENCE, READY, VOUCH};

use super::id;
use crate::agent::Agent;
use crate::world::World;

/// A gateway with an agent, and another one that has no business with it.
struct Scene {
    world: World,
    source: Credentials,
    stranger: Credentials,
}

fn csr() -> String {
    PrivateKey::generate().unwrap().request().unwrap()
}

impl Scene {
    fn start() -> Self {
        let world = World::start();
        let enrolled = |location: &str| {
            let agent: Agent = world.enrol(location, &[]);
            let instance = agent.instance();
            CredentialStore::new(&agent.dir).load(instance).unwrap()
        };
        let (source, stranger) = (enrolled(""), enrolled("other"));
        Self {
            world,
            source,
            stranger,
        }
    }

    /// The word of the source for a key.
    fn word(&self, id: &str, csr: &str) -> Value {
        json!({"handover": id, "mode": "move", "subaccount": self.world.tenant.subaccount,
               "locationId": "", "csr": csr, "validSec": 60})
    }

    /// Asks the gateway as the agent of some credentials would.
    fn ask(&self, own: &Credentials, path: &str, message: &Value) -> Result<Value, String> {
        let host = self.world.text("regionHost");
        let host = host.parse().map_err(|rule| format!("{rule}"))?;
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let gateway = Gateway {
                host: &host,
                route: &Route::Direct,
                credentials: own,
                tasks: &Tasks::new(),
            };
            let asked = gateway.ask(path, message).await;
            asked.map_err(|error| error.to_string())
        })
    }

    fn refused(&self, own: &Credentials, path: &str, message: &Value, text: &str) {
        let refused = self.ask(own, path, message).unwrap_err();
        assert!(refused.contains(text), "{refused}");
    }
}

#[test]
fn nobody_vouches_for_others() {
    let scene = Scene::start();
    let (source, stranger) = (&scene.source, &scene.stranger);
    let (id, csr) = (id(), csr());
    let word = scene.word(&id, &csr);
    let mut of_foreign = word.clone();
    of_foreign["subaccount"] = json!(scene.world.add_tenant("foreign").subaccount);
    let own = "its own enrolments only";
    scene.refused(source, VOUCH, &of_foreign, own);
    scene.refused(stranger, VOUCH, &word, own);
    scene.refused(source, VOUCH, &scene.word(&id, "x"), "csr must be");
    let mut long = word.clone();
    long["validSec"] = json!(86_401);
    scene.refused(source, VOUCH, &long, "validSec");

    // None of it began a handover.
    scene.ask(source, VOUCH, &word).unwrap();
    let named = json!({"handover": id});
    for path in [READY, ABORT, COMPLETE] {
        scene.refused(stranger, path, &named, "no such handover");
    }
    scene.refused(source, READY, &named, "no such handover");
    scene.refused(source, COMPLETE, &named, "does not carry yet");
}

#[test]
fn no_word_counts_twice() {
    let scene = Scene::start();
    let source = &scene.source;
    let (first, first_csr) = (id(), csr());
    let word = scene.word(&first, &first_csr);
    let begun = scene.ask(source, VOUCH, &word).unwrap();
    let again = scene.ask(source, VOUCH, &word).unwrap();
    assert_eq!(begun["instance"], again["instance"]);
    let other_key = scene.word(&first, &csr());
    scene.refused(source, VOUCH, &other_key, "another key");
    let other = scene.word(&id(), &csr());
    scene.refused(source, VOUCH, &other, "another handover");

    let named = json!({"handover": first});
    scene.ask(source, ABORT, &named).unwrap();
    // Replayed: neither the handover nor the key of an agent begins another one.
    scene.refused(source, VOUCH, &word, "is over");
    let used = PrivateKey::from_pem(&scene.stranger.key).unwrap();
    let used = scene.word(&id(), &used.request().unwrap());
    scene.refused(source, VOUCH, &used, "in use");
    let present = scene.ask(source, PRESENCE, &json!({})).unwrap();
    assert_eq!(present["elsewhere"], false);
}
