//! What is delivered where, as the configuration has it.

use serde::Serialize;
use underpass_shared::config::{
    Mail, MailFields, SyslogServer, SyslogServers, TrustedCertificates, Webhook, Webhooks,
};

use crate::channel::Channel;

/// Who sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// The program, such as `underpass-agent`.
    pub product: String,
    /// The host that it runs on.
    pub host: String,
    /// What it is for, where somebody said so.
    pub description: String,
}

/// What is delivered where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Who sends.
    pub sender: Sender,
    /// How mail is sent.
    pub mail: Mail,
    /// The trust store of mail, webhooks and syslog servers.
    pub trusted: TrustedCertificates,
    /// The webhooks.
    pub webhooks: Webhooks,
    /// The syslog servers.
    pub syslog: SyslogServers,
}

/// All that the attempts of one channel depend on: when it changes, the channel begins anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) sender: Sender,
    pub(crate) trusted: TrustedCertificates,
    pub(crate) way: Way,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Mail(Box<MailFields>),
    Webhook(Webhook),
    Syslog(SyslogServer),
}

impl Settings {
    /// The channels that are on.
    pub(crate) fn routes(&self) -> Vec<(Channel, Route)> {
        let mail = self.mail.enabled.then(|| (Channel::Mail, self.mail()));
        let webhooks = self.webhooks.as_slice().iter();
        let webhooks = webhooks
            .filter(|one| one.enabled)
            .map(|one| (Channel::Webhook(one.name.clone()), self.webhook(one)));
        let servers = self.syslog.as_slice().iter();
        let servers = servers
            .filter(|one| one.enabled)
            .map(|one| (Channel::Syslog(one.name.clone()), self.server(one)));
        mail.into_iter().chain(webhooks).chain(servers).collect()
    }

    /// A channel, whether it is on or not; for a test.
    ///
    /// # Errors
    /// When it is not configured, or not wholly.
    pub(crate) fn route(&self, channel: &Channel) -> Result<Route, String> {
        let missing = || format!("there is no channel {channel}");
        match channel {
            Channel::Mail => {
                let fields = MailFields {
                    enabled: true,
                    ..self.mail.clone().into()
                };
                let complete = Mail::try_from(fields).map_err(|rule| rule.to_string());
                complete.map(|_complete| self.mail())
            }
            Channel::Webhook(name) => {
                let mut all = self.webhooks.as_slice().iter();
                let found = all.find(|one| one.name == *name);
                found.map(|one| self.webhook(one)).ok_or_else(missing)
            }
            Channel::Syslog(name) => {
                let mut all = self.syslog.as_slice().iter();
                let found = all.find(|one| one.name == *name);
                found.map(|one| self.server(one)).ok_or_else(missing)
            }
        }
    }

    fn mail(&self) -> Route {
        self.on(Way::Mail(Box::new(self.mail.clone().into())))
    }

    fn webhook(&self, webhook: &Webhook) -> Route {
        self.on(Way::Webhook(webhook.clone()))
    }

    fn server(&self, server: &SyslogServer) -> Route {
        self.on(Way::Syslog(server.clone()))
    }

    fn on(&self, way: Way) -> Route {
        Route {
            sender: self.sender.clone(),
            trusted: self.trusted.clone(),
            way,
        }
    }
}
