//! What is saved at once, while somebody else changes the same.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use egui::Theme;
use serde_json::{Value, json};
use underpass_desktop::nav::AgentTab;
use underpass_desktop::source::{Source, Staged};
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command, NotSent};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::FleetSnapshot;
use underpass_shared::api::management::{ConnectorTarget, Target, Verb};

use crate::forms::live;
use crate::stage::{NOW_MS, Stage, WINDOW};

/// The webhook that the second operator adds next, if any.
type Faster = Rc<Cell<Option<&'static str>>>;

/// The fleet with a second operator.
struct Shared {
    staged: Rc<Staged>,
    /// What he adds a moment before the next change.
    faster: Faster,
}

impl Source for Shared {
    fn snapshot(&self) -> Arc<FleetSnapshot> {
        self.staged.snapshot()
    }

    fn send(&self, command: Command) -> Result<(), NotSent> {
        if matches!(&command, Command::Call(change) if change.call.verb == Verb::Put)
            && let Some(name) = self.faster.take()
        {
            add(&self.staged, name);
        }
        self.staged.send(command)
    }
}

/// The second operator puts something in the place of a setting.
fn put(staged: &Staged, target: ConnectorTarget, body: &Value) {
    let call = Call::new(Verb::Put, Target::Connector(target));
    let change = Change {
        agent: live(),
        call: call.with(body).unwrap(),
        title: "Another operator".to_owned(),
        done: Slot::default(),
    };
    let done = change.done.clone();
    staged.send(Command::Call(change)).unwrap();
    assert_eq!(done.get().reason(), None);
}

/// He adds a webhook to those that are there.
fn add(staged: &Staged, name: &str) {
    let snapshot = staged.snapshot();
    let agent = snapshot.agent(live()).unwrap();
    let document = &agent.configuration.value().unwrap().document;
    let all = document.connector().webhooks.as_slice().iter();
    let all = all.map(underpass_shared::api::management::WebhookShown::show);
    let mut all: Vec<Value> = all.map(|one| serde_json::to_value(one).unwrap()).collect();
    all.push(json!({"name": name, "enabled": true, "url": "https://hooks.example/x"}));
    put(staged, ConnectorTarget::Webhooks, &json!(all));
}

/// Mail as he wants it.
fn mail() -> Value {
    json!({"enabled": false, "sendTo": "theirs@corp.example",
           "sendFrom": "agent@corp.example", "smtpHost": "mail.corp.example"})
}

fn opened(theme: Theme) -> (Stage, Rc<Staged>, Faster) {
    let staged = Rc::new(Staged::new(Still::new(SEED, NOW_MS)));
    let faster = Faster::default();
    let shared = Shared {
        staged: Rc::clone(&staged),
        faster: Rc::clone(&faster),
    };
    let mut stage = Stage::over(theme, WINDOW, Box::new(shared));
    stage.open(live(), AgentTab::Settings);
    stage.take("Alert delivery");
    (stage, staged, faster)
}

fn names(stage: &Stage) -> Vec<String> {
    let document = stage.document(live());
    let all = document.connector().webhooks.as_slice().iter();
    all.map(|one| one.name.to_string()).collect()
}

fn is_on(stage: &Stage, name: &str) -> bool {
    let document = stage.document(live());
    let mut all = document.connector().webhooks.as_slice().iter();
    all.find(|one| one.name.as_str() == name).unwrap().enabled
}

#[test]
fn nobody_overwrites_webhooks_that_he_did_not_see() {
    for theme in [Theme::Dark, Theme::Light] {
        let (mut stage, staged, faster) = opened(theme);
        stage.take("Edit webhook on-call");
        // Other settings of the agent are of no concern.
        put(&staged, ConnectorTarget::Email, &mail());
        stage.run();
        assert!(!stage.mentions("Somebody else"));
        add(&staged, "theirs");
        stage.run();
        assert!(stage.mentions("Somebody else changed the webhooks meanwhile"));
        stage.press("Post alerts there");
        stage.shot("webhook-meanwhile");
        stage.press("Go on with mine");
        assert!(!stage.mentions("Somebody else"));
        stage.press("Save now");
        stage.run();
        assert!(!stage.shows("Webhook name"));
        assert_eq!(names(&stage), ["event-hub", "on-call", "theirs"]);
        assert!(!is_on(&stage, "on-call"));

        // What the app has not heard of yet the agent refuses.
        let before = stage.revision(live());
        stage.take("Edit webhook theirs");
        stage.press("Sign messages");
        stage.fill("Signing secret", "0123456789abcdef");
        faster.set(Some("faster"));
        stage.press("Save now");
        stage.run();
        let refused = format!("revision is {}", before + 1);
        assert!(stage.mentions(&refused) && stage.shows("Webhook name"));
        stage.shot("webhook-refused");
        stage.press("Go on with mine");
        stage.press("Save now");
        stage.run();
        assert_eq!(names(&stage), ["event-hub", "faster", "on-call", "theirs"]);
        faster.set(Some("fastest"));
        stage.take("Switch on webhook on-call");
        stage.run();
        assert!(stage.mentions(&format!("revision is {}", before + 3)));
        assert!(!is_on(&stage, "on-call"));
    }
}

#[test]
fn nobody_overwrites_mail_that_he_did_not_see() {
    let (mut stage, staged, _) = opened(Theme::Dark);
    stage.fill("Send to", "mine@corp.example");
    put(&staged, ConnectorTarget::Email, &mail());
    stage.run();
    assert!(stage.mentions("Somebody else changed how mail is sent meanwhile"));
    stage.shot("mail-meanwhile");
    stage.press("Go on with mine");
    stage.take("Save now");
    stage.run();
    let mail = &stage.document(live()).connector().email.clone();
    assert_eq!(mail.send_to.to_string(), "mine@corp.example");
    assert!(!stage.mentions("Somebody else"));
}
