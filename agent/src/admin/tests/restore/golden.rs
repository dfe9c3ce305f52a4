//! Backups of every format that there ever was are opened and restored, as long as there are
//! releases. Each format has its files in `golden/`, which nobody changes any more:
//!
//! - `N.zip`, sealed to the private key in `N.key`, and `N-passphrase.zip`, sealed with
//!   [`PASSPHRASE`], hold the same;
//! - `N.json` is what a restore leads to.
//!
//! When the format's number rises, and only then, the files of the new one are written by
//! `UNDERPASS_WRITE_GOLDEN=1 cargo nextest run -p underpass-agent golden`; those that are there stay.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};
use underpass_runtime::archive::Key;
use underpass_runtime::file::replace;
use underpass_shared::backup::CONTENT_FORMAT;
use underpass_shared::secret::Secret;

use super::*;
use crate::backup::open;

const PASSPHRASE: &str = "correct horse battery staple";

/// What a restore leads to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Expected {
    document: Value,
    /// Passwords and private keys, by the names of their files; of other values only that they are
    /// there.
    values: BTreeMap<String, Option<String>>,
}

impl Expected {
    fn of(state: &State) -> Self {
        let values = state.values.iter().map(|(name, value)| {
            let text = String::from_utf8(value.clone()).unwrap();
            let is_plain = !name.ends_with(".json");
            (name.clone(), is_plain.then_some(text))
        });
        Self {
            document: serde_json::from_str(&state.document).unwrap(),
            values: values.collect(),
        }
    }
}

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin/tests/restore/golden");
    folder.join(name)
}

/// Writes the files of the present format, where there are none.
async fn write() {
    let name = |ending: &str| file(&format!("{CONTENT_FORMAT}{ending}"));
    if name(".zip").exists() {
        return;
    }
    let pool = Pool::new();
    let mut backups = (0..).map(|seed| backup(seed, &pool).0);
    let content = backups.find(|one| one.enrolments.len() > 1).unwrap();
    let agent = Agent::new();
    let sealed = agent.seal(&content);
    let lock = Lock::Passphrase(Secret::new(PASSPHRASE.to_owned()));
    let (_, typed) = crate::backup::seal(&content, &lock).unwrap();
    agent.restore(&content, &all()).await;
    let expected = serde_json::to_vec(&Expected::of(&agent.state())).unwrap();
    let key = format!("{}\n", agent.key.to_text().expose());
    for (ending, content) in [
        (".key", key.as_bytes()),
        (".json", &*expected),
        ("-passphrase.zip", &*typed),
        (".zip", &*sealed),
    ] {
        replace(&name(ending), content).unwrap();
    }
}

#[tokio::test]
async fn golden_backups_of_all_formats_are_opened_and_restored() {
    if std::env::var_os("UNDERPASS_WRITE_GOLDEN").is_some() {
        write().await;
    }
    for format in 1..=CONTENT_FORMAT {
        let read = |ending: &str| fs::read(file(&format!("{format}{ending}"))).unwrap();
        let key = String::from_utf8(read(".key")).unwrap();
        let key = Identity::of_file(&key).unwrap();
        let archive = read(".zip");
        let agent = Agent {
            key: key.clone(),
            ..Agent::new()
        };
        let (status, plan) = agent.plan(&archive, &all()).await;
        assert_eq!(status, 201, "{format}: {plan}");
        let id = plan["id"].as_str().unwrap();
        let (status, applied) = agent
            .post(&format!("/api/v1/restore/plan/{id}/apply"))
            .await;
        assert_eq!(status, 200, "{format}: {applied}");
        let expected: Expected = serde_json::from_slice(&read(".json")).unwrap();
        let found = Expected::of(&agent.state());
        assert_eq!(found.values, expected.values, "{format}");
        // A later release may write it otherwise, but it is the same.
        let wanted = Document::from_json(&expected.document.to_string()).unwrap();
        assert_eq!(**agent.store.current().document(), wanted, "{format}");
        // The other way to seal it.
        let opened = open(&archive, &Key::Identity(key)).unwrap();
        let passphrase = Key::Passphrase(Secret::new(PASSPHRASE.to_owned()));
        let typed = open(&read("-passphrase.zip"), &passphrase).unwrap();
        let [sealed, typed] = [opened, typed].map(|one| one.content.write().unwrap());
        assert!(*sealed == *typed, "{format}");
    }
}
