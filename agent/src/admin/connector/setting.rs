//! Settings that are one JSON object each: shown, replaced, changed in parts.

use serde::Serialize;
use serde::de::DeserializeOwned;
use underpass_shared::api::management::{
    ConnectorTarget, Linked, Object, Refusal, Target, TunnelTuning, Verb, change, fit, object,
};
use underpass_shared::config::{
    AlertRules, Alerting, ConnectorFields, Heartbeat, HistorySettings, Number, PpSettings,
    TunnelConnections,
};

use super::edit;
use crate::admin::call::Call;
use crate::admin::{Admin, Answer, answer};

/// A setting that the API shows and takes in the same form.
pub(super) trait Setting: Serialize + DeserializeOwned + Send + 'static {
    /// Where it is.
    const TARGET: ConnectorTarget;
    /// How reasons call it.
    const NAME: &'static str;

    /// The present one.
    fn of(fields: &ConnectorFields) -> Self;

    /// Makes it the present one.
    fn put(self, fields: &mut ConnectorFields) -> Result<(), Refusal>;
}

impl Setting for PpSettings {
    const TARGET: ConnectorTarget = ConnectorTarget::PpSettings;
    const NAME: &'static str = "times of principal propagation";

    fn of(fields: &ConnectorFields) -> Self {
        fields.pp_settings
    }

    fn put(self, fields: &mut ConnectorFields) -> Result<(), Refusal> {
        fields.pp_settings = self;
        Ok(())
    }
}

impl Setting for Alerting {
    const TARGET: ConnectorTarget = ConnectorTarget::Alerting;
    const NAME: &'static str = "settings of alerts";

    fn of(fields: &ConnectorFields) -> Self {
        fields.alerting
    }

    fn put(self, fields: &mut ConnectorFields) -> Result<(), Refusal> {
        fields.alerting = self;
        Ok(())
    }
}

impl Setting for Heartbeat {
    const TARGET: ConnectorTarget = ConnectorTarget::Heartbeat;
    const NAME: &'static str = "heartbeat";

    fn of(fields: &ConnectorFields) -> Self {
        fields.heartbeat.clone()
    }

    fn put(self, fields: &mut ConnectorFields) -> Result<(), Refusal> {
        fields.heartbeat = self;
        Ok(())
    }
}

impl Setting for HistorySettings {
    const TARGET: ConnectorTarget = ConnectorTarget::History;
    const NAME: &'static str = "retention of the history";

    fn of(fields: &ConnectorFields) -> Self {
        fields.history
    }

    fn put(self, fields: &mut ConnectorFields) -> Result<(), Refusal> {
        fields.history = self;
        Ok(())
    }
}

impl Setting for AlertRules {
    const TARGET: ConnectorTarget = ConnectorTarget::AlertRules;
    const NAME: &'static str = "further rules of alerts";

    fn of(fields: &ConnectorFields) -> Self {
        fields.alert_rules
    }

    fn put(self, fields: &mut ConnectorFields) -> Result<(), Refusal> {
        fields.alert_rules = self;
        Ok(())
    }
}

impl Setting for TunnelTuning {
    const TARGET: ConnectorTarget = ConnectorTarget::Tunnel;
    const NAME: &'static str = "tuning of tunnels";

    fn of(fields: &ConnectorFields) -> Self {
        let connections = u32::from(fields.tunnel_connections.get());
        Self {
            connections: Number::constant(connections),
        }
    }

    fn put(self, fields: &mut ConnectorFields) -> Result<(), Refusal> {
        let wrong = |rule: String| Refusal::invalid("connections", rule);
        let number = u8::try_from(self.connections.get());
        let number = number.map_err(|error| wrong(error.to_string()))?;
        fields.tunnel_connections = TunnelConnections::try_from(number)?;
        Ok(())
    }
}

/// What a request makes of a setting: all of it, or parts of the present one.
pub(super) fn wanted<T: DeserializeOwned>(
    verb: Verb,
    present: &impl Serialize,
    body: Object,
) -> Result<T, Refusal> {
    if verb != Verb::Patch {
        return fit(body);
    }
    change(present, body)
}

impl Admin {
    pub(super) async fn setting<S: Setting>(&self, call: &Call, verb: Verb) -> Answer {
        if verb == Verb::Get {
            let current = self.readable()?;
            let setting = S::of(current.document().connector());
            let shown = Linked::at(Target::Connector(S::TARGET), setting);
            return answer::ok(&shown, current.revision().number);
        }
        let body = object(&call.json()?)?;
        let edit = edit(move |fields| {
            let wanted: S = wanted(verb, &S::of(fields), body)?;
            wanted.put(fields)
        });
        let reason = format!("changed the {}", S::NAME);
        self.change(call, &reason, edit, answer::done).await
    }
}
