//! Settings of the agent as a whole.

mod common;
mod email;
mod lists;
mod logs;
mod monitoring;
mod rules;
mod setting;
mod webhooks;

use underpass_shared::api::management::{ConnectorTarget, Refusal, TunnelTuning, Verb};
use underpass_shared::config::{
    AlertRules, Alerting, Connector, ConnectorFields, Document, Heartbeat, HistorySettings,
    PpSettings, SyslogServers,
};

use super::call::Call;
use super::trust::Truststore;
use super::{Admin, Answer, answer};

/// A change of the settings.
pub(super) fn edit(
    change: impl FnOnce(&mut ConnectorFields) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    move |document| {
        let mut fields: ConnectorFields = Connector::clone(document.connector()).into();
        change(&mut fields)?;
        Ok(document.with_connector(fields.try_into()?)?)
    }
}

impl Admin {
    pub(super) async fn connector(
        &self,
        call: Call,
        verb: Verb,
        target: ConnectorTarget,
    ) -> Answer {
        match target {
            ConnectorTarget::Common => self.common(&call, verb).await,
            ConnectorTarget::PpSettings => self.setting::<PpSettings>(&call, verb).await,
            ConnectorTarget::SubjectRules => self.subject_rules(&call, verb).await,
            ConnectorTarget::SubjectRule(index) => self.subject_rule(&call, verb, index).await,
            ConnectorTarget::SubjectRuleMove(index) => self.move_rule(&call, index).await,
            ConnectorTarget::SampleCertificate(index) => {
                self.sample_certificate(&call, index).await
            }
            ConnectorTarget::Logs => self.logs(&call, verb).await,
            ConnectorTarget::SubaccountLogs(path) => {
                self.subaccount_traces(&call, verb, path).await
            }
            ConnectorTarget::Alerting => self.setting::<Alerting>(&call, verb).await,
            ConnectorTarget::Heartbeat => self.setting::<Heartbeat>(&call, verb).await,
            ConnectorTarget::AlertRules => self.setting::<AlertRules>(&call, verb).await,
            ConnectorTarget::Email => self.email(&call, verb).await,
            ConnectorTarget::EmailTruststore => self.email_truststore(),
            ConnectorTarget::EmailCertificates => {
                self.trusted_certificates(call, verb, Truststore::Mail)
                    .await
            }
            ConnectorTarget::EmailCertificate(alias) => {
                self.trusted_certificate(call, verb, Truststore::Mail, alias)
                    .await
            }
            ConnectorTarget::Webhooks => self.webhooks(&call, verb).await,
            ConnectorTarget::Syslog => self.syslog(&call, verb).await,
            ConnectorTarget::AvailableCipherSuites => self.available_cipher_suites(),
            ConnectorTarget::CipherSuites => self.cipher_suites(&call, verb).await,
            ConnectorTarget::History => self.setting::<HistorySettings>(&call, verb).await,
            ConnectorTarget::Tunnel => self.setting::<TunnelTuning>(&call, verb).await,
            ConnectorTarget::Regions => self.regions(&call, verb).await,
            ConnectorTarget::MonitoringUsers => self.monitoring_users(&call, verb).await,
            ConnectorTarget::MonitoringUser(name) => self.monitoring_user(&call, verb, name).await,
            ConnectorTarget::Region(host) => self.region(&call, verb, host).await,
        }
    }

    async fn syslog(&self, call: &Call, verb: Verb) -> Answer {
        if verb != Verb::Put {
            let current = self.readable()?;
            let servers = &current.document().connector().syslog;
            return answer::ok(servers, current.revision().number);
        }
        let servers: SyslogServers = call.read()?;
        let edit = edit(move |fields| {
            fields.syslog = servers;
            Ok(())
        });
        let reason = "changed the syslog servers that get alerts";
        self.change(call, reason, edit, answer::done).await
    }
}
