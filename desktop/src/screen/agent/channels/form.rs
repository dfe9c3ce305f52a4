//! The form of a channel: its fields follow from its kind.

use egui::{Context, Ui};
use underpass_shared::config::limits::DESCRIPTION_LEN_MAX;
use underpass_shared::config::{
    Channel, ChannelConnections, ChannelId, ChannelService, ChannelType, Channels, ClusterHost,
    Document, InstanceNumber, Invalid, ServiceName, SubaccountFields, SubaccountKey, Text,
};
use underpass_shared::host::{Port, VirtualHost};

use super::kinds;
use crate::cx::Cx;
use crate::screen::agent::edit::{edit_subaccount, with_subaccount};
use crate::screen::agent::form::{Form, number, pair, parse, value};
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, Dialog, Field, Words as _, select, toggle};

/// What was filled in so far.
pub(super) struct ChannelForm {
    key: SubaccountKey,
    /// The channel that is changed; none where it is a new one.
    old: Option<ChannelId>,
    kind: ChannelType,
    /// Instance, tenant, machine or cluster.
    host: String,
    /// Endpoint or service.
    service: String,
    instance_number: String,
    port: String,
    connections: String,
    comment: String,
    enabled: bool,
}

impl ChannelForm {
    /// A new channel; none where the document has no subaccount.
    pub(super) fn new(document: &Document) -> Option<Self> {
        let key = document.subaccounts().first()?.key().clone();
        Some(Self {
            key,
            old: None,
            kind: ChannelType::Hana,
            host: String::new(),
            service: String::new(),
            instance_number: "0".to_owned(),
            port: String::new(),
            connections: "1".to_owned(),
            comment: String::new(),
            enabled: true,
        })
    }

    /// A channel that is there.
    pub(super) fn of(key: &SubaccountKey, channel: &Channel) -> Self {
        let number = |number: &InstanceNumber| number.get().to_string();
        let none = String::new;
        let [host, service, instance_number, port] = match &channel.service {
            ChannelService::Hana {
                instance_name,
                instance_number,
            } => [
                instance_name.to_string(),
                none(),
                number(instance_number),
                none(),
            ],
            ChannelService::AbapCloud {
                tenant_host,
                instance_number,
            }
            | ChannelService::AbapCloudSnc {
                tenant_host,
                instance_number,
            } => [
                tenant_host.to_string(),
                none(),
                number(instance_number),
                none(),
            ],
            ChannelService::VirtualMachine {
                name,
                endpoint_id,
                port,
            } => [
                name.to_string(),
                endpoint_id.to_string(),
                none(),
                port.to_string(),
            ],
            ChannelService::K8S {
                cluster,
                service,
                port,
            } => [
                cluster.to_string(),
                service.to_string(),
                none(),
                port.to_string(),
            ],
        };
        Self {
            key: key.clone(),
            old: Some(channel.id),
            kind: channel.service.kind(),
            host,
            service,
            instance_number,
            port,
            connections: channel.connections.get().to_string(),
            comment: channel.comment.to_string(),
            enabled: channel.enabled,
        }
    }

    /// Shows the form; true when it shall close.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        document: &Document,
        choices: &[(SubaccountKey, String)],
    ) -> bool {
        // Checked before it is drawn, since the button stands below what says whether it may be used.
        let made = self.channel(document);
        let clash = made
            .as_ref()
            .ok()
            .and_then(|channel| self.clash(document, channel));
        let problem = made.as_ref().err().cloned().or_else(|| clash.clone());
        let (title, action) = match self.old {
            Some(_) => ("Edit channel", "Save to the draft"),
            None => ("Add channel", "Add to the draft"),
        };
        let answer = Dialog::new("channel", title, action)
            .wide()
            .enabled_if(problem.is_none(), problem.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                self.place(ui, choices);
                self.fields(ui);
                if let Ok(channel) = &made {
                    ui.quiet(format!(
                        "Programs of this network connect to port {} of the agent's host",
                        channel.service.local_port()
                    ));
                }
                if let Some(clash) = &clash {
                    Banner::new(State::Error, clash).show(ui);
                }
            });
        if let (Answer::Confirmed, Ok(channel)) = (answer, made) {
            let verb = if self.old.is_some() { "Change" } else { "Add" };
            let what = format!("{verb} channel {}", channel.service);
            edit_subaccount(cx, &self.key, what, move |own| put(own, channel));
        }
        answer != Answer::Open
    }

    fn place(&mut self, ui: &mut Ui, choices: &[(SubaccountKey, String)]) {
        let fixed = self.old.is_some();
        pair(ui, |ui, at, width| {
            ui.add_enabled_ui(!fixed, |ui| match at {
                0 => {
                    let kinds = ChannelType::ALL.map(|kind| (kind, kinds::name(kind).to_owned()));
                    select(ui, "Kind", &mut self.kind, &kinds, width);
                }
                _ => drop(select(ui, "Subaccount", &mut self.key, choices, width)),
            });
        });
        ui.quiet(kinds::purpose(self.kind));
    }

    fn fields(&mut self, ui: &mut Ui) {
        let mut form = Form::default();
        let by_number = self.by_number();
        pair(ui, |ui, at, _| match at {
            0 => self.host(ui, &mut form),
            _ => self.service(ui, &mut form),
        });
        pair(ui, |ui, at, _| match (at, by_number) {
            (0, false) => {
                let port = &mut self.port;
                form.text::<Port>(ui, "Local port", port, |field| {
                    wide(field)
                        .mono()
                        .hint("5432")
                        .help("A free port of the agent's host")
                });
            }
            (0, true) | (_, false) => {
                let count = &mut self.connections;
                form.number::<ChannelConnections>(ui, "Connections", count, |field| {
                    wide(field).help("Each is a stream through the tunnel")
                });
            }
            (_, true) => comment(ui, &mut form, &mut self.comment),
        });
        if !by_number {
            comment(ui, &mut form, &mut self.comment);
        }
        toggle(ui, &mut self.enabled, "Enabled", None);
    }

    /// Whether the local port follows from the number of an instance.
    const fn by_number(&self) -> bool {
        match self.kind {
            ChannelType::Hana | ChannelType::AbapCloud | ChannelType::AbapCloudSnc => true,
            ChannelType::VirtualMachine | ChannelType::K8S => false,
        }
    }

    /// Instance, tenant, machine or cluster.
    fn host(&mut self, ui: &mut Ui, form: &mut Form) {
        let host = &mut self.host;
        match self.kind {
            ChannelType::Hana => named(ui, form, "Database instance", host, "hana-analytics"),
            ChannelType::VirtualMachine => named(ui, form, "Virtual machine", host, "jump-host"),
            ChannelType::AbapCloud | ChannelType::AbapCloudSnc => {
                form.text::<VirtualHost>(ui, "Tenant host", host, |field| {
                    wide(field).mono().hint("my300471.abap.example.com")
                });
            }
            ChannelType::K8S => {
                form.text::<ClusterHost>(ui, "Cluster host", host, |field| {
                    wide(field).mono().hint("cp.kyma.example.com:443")
                });
            }
        }
    }

    /// Number, endpoint or service.
    fn service(&mut self, ui: &mut Ui, form: &mut Form) {
        match self.kind {
            ChannelType::VirtualMachine => {
                named(ui, form, "Endpoint ID", &mut self.service, "ep-7f21");
            }
            ChannelType::K8S => named(ui, form, "Service", &mut self.service, "orders-db"),
            ChannelType::Hana | ChannelType::AbapCloud | ChannelType::AbapCloudSnc => {
                let number = &mut self.instance_number;
                form.number::<InstanceNumber>(ui, "Instance number", number, |field| {
                    wide(field).help("0 to 99; the local port follows from it")
                });
            }
        }
    }

    /// The channel as it is filled in, or what is missing.
    fn channel(&self, document: &Document) -> Result<Channel, String> {
        fn needed<T>(
            text: &str,
            what: &str,
            read: impl FnOnce(&str) -> Result<T, String>,
        ) -> Result<T, String> {
            match text.trim() {
                "" => Err(format!("Fill in {what}")),
                text => read(text),
            }
        }
        let instance = || needed(&self.instance_number, "the instance number", number);
        let port = || needed(&self.port, "the local port", parse::<Port>);
        let service = match self.kind {
            ChannelType::Hana => ChannelService::Hana {
                instance_name: needed(&self.host, "the database instance", value)?,
                instance_number: instance()?,
            },
            ChannelType::AbapCloud => ChannelService::AbapCloud {
                tenant_host: needed(&self.host, "the tenant host", parse)?,
                instance_number: instance()?,
            },
            ChannelType::AbapCloudSnc => ChannelService::AbapCloudSnc {
                tenant_host: needed(&self.host, "the tenant host", parse)?,
                instance_number: instance()?,
            },
            ChannelType::VirtualMachine => ChannelService::VirtualMachine {
                name: needed(&self.host, "the virtual machine", value)?,
                endpoint_id: needed(&self.service, "the endpoint ID", value)?,
                port: port()?,
            },
            ChannelType::K8S => ChannelService::K8S {
                cluster: needed(&self.host, "the cluster host", parse)?,
                service: needed(&self.service, "the service", value)?,
                port: port()?,
            },
        };
        Ok(Channel {
            id: self.old.unwrap_or_else(|| next_id(document)),
            enabled: self.enabled,
            connections: needed(&self.connections, "the connections", number)?,
            comment: parse(&self.comment)?,
            service,
        })
    }

    /// What the document says against it: a port that another channel has, for instance.
    fn clash(&self, document: &Document, channel: &Channel) -> Option<String> {
        let channel = channel.clone();
        let tried = with_subaccount(document, &self.key, |own| put(own, channel));
        tried.err().map(|Invalid { rule, .. }| rule)
    }
}

fn wide(field: Field<'_>) -> Field<'_> {
    field.width(f32::INFINITY)
}

fn named(ui: &mut Ui, form: &mut Form, label: &str, text: &mut String, hint: &'static str) {
    form.read(
        ui,
        label,
        text,
        |field| wide(field).hint(hint),
        value::<ServiceName>,
    );
}

fn comment(ui: &mut Ui, form: &mut Form, text: &mut String) {
    form.optional::<Text<DESCRIPTION_LEN_MAX>>(ui, "Comment", text, wide);
}

/// The id of the next new channel of all subaccounts.
fn next_id(document: &Document) -> ChannelId {
    let all = document
        .subaccounts()
        .iter()
        .flat_map(|one| one.own().channels.as_slice());
    let last = all.map(|one| one.id).max();
    last.map_or(ChannelId::FIRST, ChannelId::next)
}

fn put(own: &mut SubaccountFields, channel: Channel) -> Result<(), Invalid> {
    let mut all = own.channels.as_slice().to_vec();
    all.retain(|one| one.id != channel.id);
    all.push(channel);
    own.channels = Channels::try_from(all)?;
    Ok(())
}
