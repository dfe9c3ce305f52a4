//! How alerts of an agent reach somebody.

use egui::Theme;
use underpass_desktop::nav::AgentTab;
use underpass_fleet::demo::{SEED, Still};
use underpass_shared::config::{SyslogTransport, WebhookForm};
use underpass_shared::id::AgentId;

use crate::forms::{away, live};
use crate::stage::{NOW_MS, SMALL, Stage, WINDOW};

fn opened(theme: Theme, size: [f32; 2], id: AgentId) -> Stage {
    let mut stage = Stage::new(theme, size);
    stage.open(id, AgentTab::Settings);
    stage.take("Alert delivery");
    stage
}

/// An agent whose tunnels are down: its heartbeat is withheld.
fn down() -> AgentId {
    let fleet = Still::new(SEED, NOW_MS).snapshot();
    let withheld = fleet.agents.iter().find(|agent| {
        let status = agent.status.value();
        let heartbeat = status.and_then(|status| status.heartbeat.as_ref());
        heartbeat.is_some_and(|heartbeat| heartbeat.problem.is_some())
    });
    withheld.unwrap().id
}

#[test]
fn channels_tell_how_they_do_and_are_tested() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = opened(theme, WINDOW, live());
        assert!(stage.mentions("nothing waits"));
        stage.shot("delivery");
        stage.take("Send a test by E-mail");
        assert!(stage.shows("The test was taken"));
        stage.shot("delivery-tested");
        let mut stage = opened(theme, WINDOW, down());
        assert!(stage.shows("Fails") && stage.mentions("7 attempts"));
        stage.take("Send a test by Webhook on-call");
        assert!(stage.shows("The test was not delivered"));
        assert!(stage.shows("Missed") && stage.mentions("withheld"));
        stage.shot("delivery-failing");
    }
}

#[test]
fn a_webhook_is_added_kept_switched_and_removed_at_once() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = opened(theme, WINDOW, live());
        let before = stage.document(live()).connector().webhooks.clone();
        stage.take("Add webhook…");
        stage.fill("Webhook name", "on-call");
        stage.fill("Webhook URL", "https://hooks.chat.example/services/T0/B0/x");
        assert!(!stage.is_enabled("Save now"));
        stage.fill("Webhook name", "team");
        stage.fill("Webhook URL", "ftp://nowhere");
        assert!(stage.mentions("must begin with https://"));
        stage.shot("webhook-wrong");
        stage.fill("Webhook URL", "https://hooks.chat.example/services/T0/B0/x");
        stage.press("Sign messages");
        stage.fill("Signing secret", "0123456789abcdef");
        stage.shot("webhook");
        save(&mut stage);
        let webhooks = stage.document(live()).connector().webhooks.clone();
        assert_eq!(webhooks.as_slice().len(), before.as_slice().len() + 1);
        let team = webhooks
            .as_slice()
            .iter()
            .find(|one| one.name.as_str() == "team");
        let team = team.unwrap().clone();
        assert!(team.secret.is_some() && team.form == WebhookForm::Json);
        // What is not typed again stays as it is.
        stage.take("Edit webhook team");
        stage.press("Post alerts there");
        save(&mut stage);
        let webhooks = stage.document(live()).connector().webhooks.clone();
        let kept = webhooks
            .as_slice()
            .iter()
            .find(|one| one.name.as_str() == "team");
        let kept = kept.unwrap();
        assert_eq!((kept.path, kept.secret), (team.path, team.secret));
        assert!(!kept.enabled);
        stage.take("Switch on webhook team");
        stage.take("Remove webhook team");
        stage.shot("webhook-remove");
        stage.take("Remove");
        assert_eq!(stage.document(live()).connector().webhooks, before);
        let agent = stage.harness.state().fleet().agent(live()).unwrap();
        assert!(agent.draft.is_none());
    }
}

/// Saves what a dialog has; the page behind it has such a button too.
fn save(stage: &mut Stage) {
    stage.press("Save now");
    stage.run();
    assert!(!stage.shows("Webhook name"));
}

#[test]
fn syslog_heartbeat_and_trust_go_by_the_draft() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = opened(theme, WINDOW, live());
        stage.take("Add server…");
        stage.fill("Server name", "siem");
        stage.fill("Server host", "log.corp.example");
        assert!(!stage.is_enabled("Add to the draft"));
        stage.fill("Server name", "archive");
        stage.fill("Facility", "24");
        assert!(stage.mentions("between 0 and 23"));
        stage.fill("Facility", "16");
        stage.shot("syslog");
        stage.take("Add to the draft");
        let syslog = stage.draft(live()).connector().syslog.clone();
        let names = syslog.as_slice().iter().map(|one| one.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["archive", "siem"]);
        assert_eq!(syslog.as_slice()[0].transport, SyslogTransport::Tls);
        stage.take("Switch off syslog server siem");
        stage.take("Remove syslog server archive");
        let syslog = stage.draft(live()).connector().syslog.clone();
        assert_eq!(syslog.as_slice().len(), 1);
        assert!(!syslog.as_slice()[0].enabled);
        stage.fill("Heartbeat URL", "hc.example");
        assert!(stage.mentions("must begin with https://"));
        stage.fill("Heartbeat URL", "https://hc.example/ping/1");
        stage.fill("Every, seconds", "30");
        stage.take("Save the heartbeat to the draft");
        let heartbeat = stage.draft(live()).connector().heartbeat.clone();
        assert_eq!(heartbeat.every_sec.get(), 30);
        assert_eq!(
            heartbeat.url.unwrap().to_string(),
            "https://hc.example/ping/1"
        );
        stage.shot("delivery-below");
    }
}

#[test]
fn a_receiver_is_trusted_by_the_draft() {
    let mut stage = opened(Theme::Dark, WINDOW, live());
    stage.take("Add certificate…");
    stage.fill("Alias", "mail-ca");
    stage.paste("Certificate", include_str!("../../fleet/src/demo/ca.pem"));
    stage.shot("receiver-trust");
    stage.take("Add to the draft");
    let trusted = stage.draft(live()).connector().email_trust.clone();
    assert_eq!(trusted.as_slice()[0].alias.as_str(), "mail-ca");
    stage.take("Remove mail-ca");
    let trusted = stage.draft(live()).connector().email_trust.clone();
    assert!(trusted.as_slice().is_empty());
}

#[test]
fn the_delivery_of_an_agent_that_is_away_is_read_and_not_tested() {
    let mut stage = opened(Theme::Light, SMALL, away());
    stage.shot("delivery-away");
    assert!(!stage.is_enabled("Add webhook…") && stage.shows("Heartbeat URL"));
}
