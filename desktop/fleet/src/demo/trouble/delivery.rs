//! How the alerts of made-up agents are delivered.

use underpass_shared::alert::{DeliveryState, DeliveryTrouble};
use underpass_shared::api::management::{
    DeliveryShown, DeliveryTestInput, DeliveryTested, MASKED, Refusal, WebhookInput, WebhookShown,
    read,
};
use underpass_shared::config::{Connector, ConnectorFields, MailFields, Webhook, WebhookOrigin};
use underpass_shared::id::CredentialId;

use super::super::acts::Acted;
use super::super::agent::{DemoAgent, State, ok};
use super::super::cast::Trouble;
use super::super::random::Dice;
use super::MINUTE_MS;
use crate::Reply;
use crate::api::Call;

/// The channels that are configured, and whether they are on.
fn channels(state: &State) -> Vec<(String, bool)> {
    let settings = state.store.current().1.connector();
    let mail = MailFields::from(settings.email.clone());
    let mail = (!mail.smtp_host.is_empty()).then(|| ("mail".to_owned(), mail.enabled));
    let webhooks = settings.webhooks.as_slice().iter();
    let webhooks = webhooks.map(|one| (format!("webhook:{}", one.name), one.enabled));
    let syslog = settings.syslog.as_slice().iter();
    let syslog = syslog.map(|one| (format!("syslog:{}", one.name), one.enabled));
    mail.into_iter().chain(webhooks).chain(syslog).collect()
}

/// Whether a channel fails.
fn failure(agent: &DemoAgent, channel: &str) -> Option<&'static str> {
    let is_down = matches!(agent.trouble, Trouble::AllDown | Trouble::TunnelDown);
    match channel.split_once(':') {
        Some(("webhook", _)) if is_down => {
            Some("connecting: hooks.chat.example:443 did not answer within 10 s")
        }
        Some(("syslog", _)) if !is_down && agent.seed.is_multiple_of(3) => {
            Some("TLS: the certificate of siem.corp.example is issued by nobody who is trusted")
        }
        Some(_) | None => None,
    }
}

pub(super) fn states(agent: &DemoAgent, state: &State) -> DeliveryShown {
    let now = agent.now_ms();
    let mut dice = Dice::new(agent.seed ^ 0xD311);
    let shown = |(channel, enabled): (String, bool)| {
        let ago = i64::from(3 + dice.below(300)) * MINUTE_MS;
        let failing = failure(agent, &channel).map(|error| DeliveryTrouble {
            since_ms: now - 12 * MINUTE_MS,
            attempts: 7,
            error: error.to_owned(),
            next_ms: now + 42_000,
        });
        enabled.then(|| DeliveryState {
            waiting: if failing.is_some() { 3 } else { 0 },
            dropped: 0,
            last_success_ms: Some(now - ago),
            remark: None,
            failing,
            channel,
        })
    };
    DeliveryShown {
        channels: channels(state).into_iter().filter_map(shown).collect(),
    }
}

pub(super) fn webhooks(state: &State) -> Vec<WebhookShown> {
    let all = &state.store.current().1.connector().webhooks;
    all.as_slice().iter().map(WebhookShown::show).collect()
}

/// Sends a test to nobody.
pub(super) fn test(agent: &DemoAgent, state: &State, call: &Call) -> Result<Reply, Refusal> {
    let DeliveryTestInput { channel } = read(&call.body)?;
    if channels(state).iter().all(|(one, _)| *one != channel) {
        let rule = format!("there is no {channel}");
        return Err(Refusal::invalid("channel", rule));
    }
    let failed = failure(agent, &channel);
    let tested = DeliveryTested {
        delivered: failed.is_none(),
        outcome: failed.unwrap_or("the receiver took the message").to_owned(),
        channel,
    };
    ok(&tested, state.store.number())
}

pub(super) fn put_webhooks(
    agent: &DemoAgent,
    state: &State,
    call: &Call,
) -> Result<Acted, Refusal> {
    let inputs: Vec<WebhookInput> = read(&call.body)?;
    let document = state.store.current().1;
    let present = document.connector().webhooks.as_slice();
    let mut dice = Dice::new(agent.seed ^ state.store.number().rotate_left(16));
    let mut list = vec![];
    for input in inputs {
        let before = present.iter().find(|one| one.name == input.name);
        let (origin, path) = match before.filter(|_| input.url.ends_with(MASKED)) {
            Some(before) => (before.origin.clone(), before.path),
            None => {
                let split = WebhookOrigin::split(&input.url);
                let (origin, _) =
                    split.map_err(|rule| Refusal::invalid("url", rule.to_string()))?;
                (origin, CredentialId::from_uuid(dice.uuid()))
            }
        };
        let secret = match input.secret.as_deref() {
            None | Some(MASKED) => before.and_then(|one| one.secret),
            Some("") => None,
            Some(_) => Some(CredentialId::from_uuid(dice.uuid())),
        };
        list.push(Webhook {
            name: input.name,
            enabled: input.enabled.0,
            form: input.form,
            origin,
            path,
            secret,
            trust: input.trust,
        });
    }
    let mut fields = ConnectorFields::from(Connector::clone(document.connector()));
    fields.webhooks = list.try_into()?;
    let next = document.with_connector(fields.try_into()?)?;
    let reason = "changed where alerts are posted to".to_owned();
    Ok(Acted::document(next, reason))
}
