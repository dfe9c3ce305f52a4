//! Service channels as the API shows and takes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use super::lenient::{Flag, Number, ReadOnly};
use super::{Links, SubaccountPath, SubaccountTarget, Target, links};
use crate::config::limits::{CHANNEL_CONNECTIONS_MAX, DESCRIPTION_LEN_MAX};
use crate::config::{
    Channel, ChannelConnections, ChannelId, ChannelService, ChannelType, ClusterHost,
    InstanceNumber, ServiceName, Text,
};
use crate::host::{Port, VirtualHost};

/// Whether a channel's local port is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelState {
    /// Open or not.
    pub connected: bool,
    /// How many connections it has now.
    pub opened_connections: u32,
    /// Since when it is open, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_since_time_stamp: Option<i64>,
}

/// A channel as it is shown. Which of the fields in the middle there are is up to its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChannelShown {
    /// Its number.
    pub id: ChannelId,
    /// What it leads to.
    #[serde(rename = "type")]
    pub kind: ChannelType,
    /// The local port.
    pub port: u16,
    /// Whether the local port is to be open.
    pub enabled: bool,
    /// How many connections it may have at a time.
    pub connections: u8,
    /// For people.
    pub comment: Text<DESCRIPTION_LEN_MAX>,
    /// The host of an ABAP system in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abap_cloud_tenant_host: Option<VirtualHost>,
    /// What the local port follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_number: Option<u8>,
    /// The entry to a Kubernetes cluster.
    #[serde(
        rename = "k8sCluster",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub k8s_cluster: Option<ClusterHost>,
    /// The id of a service of the cluster.
    #[serde(
        rename = "k8sService",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub k8s_service: Option<ServiceName>,
    /// The name of a HANA database in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hana_instance_name: Option<ServiceName>,
    /// The name of a virtual machine in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ServiceName>,
    /// The id of a virtual machine in the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_id: Option<ServiceName>,
    /// Whether the local port is open.
    pub state: ChannelState,
    /// Whether it can be opened at all.
    pub effective: bool,
    /// Why it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_effective_because: Option<String>,
    /// What belongs to it.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

impl ChannelShown {
    /// Shows a channel that is not open, because of `not_effective` where that says something.
    pub fn show(channel: &Channel, path: &SubaccountPath, not_effective: Option<String>) -> Self {
        let (kind, id) = (channel.service.kind(), channel.id);
        let mut shown = Self {
            id,
            kind,
            port: channel.service.local_port(),
            enabled: channel.enabled,
            connections: channel.connections.get(),
            comment: channel.comment.clone(),
            abap_cloud_tenant_host: None,
            instance_number: None,
            k8s_cluster: None,
            k8s_service: None,
            hana_instance_name: None,
            name: None,
            endpoint_id: None,
            state: ChannelState {
                connected: false,
                opened_connections: 0,
                connected_since_time_stamp: None,
            },
            effective: not_effective.is_none(),
            not_effective_because: not_effective,
            links: links([
                (
                    "self",
                    Target::Of(path.clone(), SubaccountTarget::Channel(kind, id)),
                ),
                (
                    "state",
                    Target::Of(path.clone(), SubaccountTarget::ChannelState(kind, id)),
                ),
            ]),
        };
        match channel.service.clone() {
            ChannelService::Hana {
                instance_name,
                instance_number,
            } => {
                shown.hana_instance_name = Some(instance_name);
                shown.instance_number = Some(instance_number.get());
            }
            ChannelService::VirtualMachine {
                name, endpoint_id, ..
            } => {
                shown.name = Some(name);
                shown.endpoint_id = Some(endpoint_id);
            }
            ChannelService::AbapCloud {
                tenant_host,
                instance_number,
            }
            | ChannelService::AbapCloudSnc {
                tenant_host,
                instance_number,
            } => {
                shown.abap_cloud_tenant_host = Some(tenant_host);
                shown.instance_number = Some(instance_number.get());
            }
            ChannelService::K8S {
                cluster, service, ..
            } => {
                shown.k8s_cluster = Some(cluster);
                shown.k8s_service = Some(service);
            }
        }
        shown
    }
}

/// A channel as it is taken. Which of the fields there must and may be is up to its type.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ChannelInput {
    /// Must be the one of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Number<1, { u32::MAX }>>,
    /// Must be the one of the address.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ChannelType>,
    /// The local port; where it follows from the instance number it must be that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Number<1, 65_535>>,
    /// Must be the present one; it is changed by the channel's state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<Flag>,
    /// How many connections it may have at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<Number<1, { CHANNEL_CONNECTIONS_MAX as u32 }>>,
    /// For people.
    pub comment: Text<DESCRIPTION_LEN_MAX>,
    /// The host of an ABAP system in the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abap_cloud_tenant_host: Option<VirtualHost>,
    /// What the local port follows from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_number: Option<Number<0, { InstanceNumber::MAX as u32 }>>,
    /// The entry to a Kubernetes cluster.
    #[serde(rename = "k8sCluster", skip_serializing_if = "Option::is_none")]
    pub k8s_cluster: Option<ClusterHost>,
    /// The id of a service of the cluster.
    #[serde(rename = "k8sService", skip_serializing_if = "Option::is_none")]
    pub k8s_service: Option<ServiceName>,
    /// The name of a HANA database in the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hana_instance_name: Option<ServiceName>,
    /// The name of a virtual machine in the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<ServiceName>,
    /// The id of a virtual machine in the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_id: Option<ServiceName>,
    /// Of answers.
    #[serde(skip_serializing)]
    pub state: ReadOnly,
    /// Of answers.
    #[serde(skip_serializing)]
    pub effective: ReadOnly,
    /// Of answers.
    #[serde(skip_serializing)]
    pub not_effective_because: ReadOnly,
    /// Of answers.
    #[serde(rename = "_links", skip_serializing)]
    pub links: ReadOnly,
}

/// Takes what must be there.
fn needed<T>(field: &str, value: &mut Option<T>) -> Result<T, Refusal> {
    let missing = || Refusal::invalid(field, "is missing for this type of channel");
    value.take().ok_or_else(missing)
}

impl ChannelInput {
    /// The channel of a type with an id; new where `old` is none.
    ///
    /// # Errors
    /// Which field is missing, is not for this type, or may not be another one.
    pub fn channel(
        mut self,
        kind: ChannelType,
        id: ChannelId,
        old: Option<&Channel>,
    ) -> Result<Channel, Refusal> {
        let fixed = "must be that of the address; it cannot be changed";
        if self.kind.is_some_and(|given| given != kind) {
            return Err(Refusal::invalid("type", fixed));
        }
        if old.is_some() && self.id.is_some_and(|given| given.0 != id.get()) {
            return Err(Refusal::invalid("id", fixed));
        }
        let enabled = old.is_some_and(|old| old.enabled);
        if self.enabled.is_some_and(|given| given.0 != enabled) {
            let rule = "a channel is enabled and disabled by a PUT to its state";
            return Err(Refusal::invalid("enabled", rule));
        }
        let connections = self.connections.map_or(1, |number| number.0);
        let connections = u8::try_from(connections).map(ChannelConnections::try_from);
        let Ok(Ok(connections)) = connections else {
            return Err(Refusal::invalid("connections", "is too large"));
        };
        let service = self.service(kind)?;
        self.nothing_left()?;
        Ok(Channel {
            id,
            enabled,
            connections,
            comment: self.comment,
            service,
        })
    }

    fn service(&mut self, kind: ChannelType) -> Result<ChannelService, Refusal> {
        let service = match kind {
            ChannelType::Hana => ChannelService::Hana {
                instance_name: needed("hanaInstanceName", &mut self.hana_instance_name)?,
                instance_number: self.number()?,
            },
            ChannelType::AbapCloud => ChannelService::AbapCloud {
                tenant_host: needed("abapCloudTenantHost", &mut self.abap_cloud_tenant_host)?,
                instance_number: self.number()?,
            },
            ChannelType::AbapCloudSnc => ChannelService::AbapCloudSnc {
                tenant_host: needed("abapCloudTenantHost", &mut self.abap_cloud_tenant_host)?,
                instance_number: self.number()?,
            },
            ChannelType::VirtualMachine => ChannelService::VirtualMachine {
                name: needed("name", &mut self.name)?,
                endpoint_id: needed("endpointId", &mut self.endpoint_id)?,
                port: self.local_port()?,
            },
            ChannelType::K8S => ChannelService::K8S {
                cluster: needed("k8sCluster", &mut self.k8s_cluster)?,
                service: needed("k8sService", &mut self.k8s_service)?,
                port: self.local_port()?,
            },
        };
        let port = service.local_port();
        if self.port.is_some_and(|given| given.0 != u32::from(port)) {
            let rule = format!("follows from instanceNumber; leave it out, or give {port}");
            return Err(Refusal::invalid("port", rule));
        }
        Ok(service)
    }

    fn number(&mut self) -> Result<InstanceNumber, Refusal> {
        let Number(number) = needed("instanceNumber", &mut self.instance_number)?;
        let number = u8::try_from(number).map(InstanceNumber::try_from);
        let Ok(Ok(number)) = number else {
            return Err(Refusal::invalid("instanceNumber", "is too large"));
        };
        Ok(number)
    }

    fn local_port(&self) -> Result<Port, Refusal> {
        let Number(number) = needed("port", &mut { self.port })?;
        let number = u16::try_from(number).map(Port::try_from);
        let Ok(Ok(port)) = number else {
            return Err(Refusal::invalid("port", "is no port"));
        };
        Ok(port)
    }

    /// Refuses what the type has no use for.
    fn nothing_left(&self) -> Result<(), Refusal> {
        let left = [
            ("abapCloudTenantHost", self.abap_cloud_tenant_host.is_some()),
            ("instanceNumber", self.instance_number.is_some()),
            ("k8sCluster", self.k8s_cluster.is_some()),
            ("k8sService", self.k8s_service.is_some()),
            ("hanaInstanceName", self.hana_instance_name.is_some()),
            ("name", self.name.is_some()),
            ("endpointId", self.endpoint_id.is_some()),
        ];
        match left.into_iter().find(|(_, given)| *given) {
            Some((field, _)) => Err(Refusal::invalid(field, "is not for this type of channel")),
            None => Ok(()),
        }
    }
}

/// Whether a channel's local port is to be open.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelStateInput {
    /// Open or not.
    pub enabled: Flag,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABAP: &str =
        r#"{"abapCloudTenantHost":"t","comment":"c","connections":"2","instanceNumber":"07"}"#;
    const K8S: &str = r#"{"k8sCluster":"cp:443","k8sService":"s","port":"5432"}"#;

    fn channel(kind: ChannelType, json: &str) -> Result<Channel, String> {
        let read = super::super::read::<ChannelInput>(json.as_bytes());
        let channel = read.and_then(|input| input.channel(kind, ChannelId::FIRST, None));
        channel.map_err(|refusal| {
            let field = refusal.body.field.unwrap_or_default();
            format!("{field}: {}", refusal.body.message)
        })
    }

    #[test]
    fn what_is_shown_can_be_written_back() {
        let path = SubaccountPath {
            region_host: "gate".parse().unwrap(),
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
        };
        let hana = r#"{"hanaInstanceName":"db","instanceNumber":1}"#;
        let machine = r#"{"name":"vm","endpointId":"e","port":22}"#;
        for (kind, json) in [
            (ChannelType::AbapCloud, ABAP),
            (ChannelType::AbapCloudSnc, ABAP),
            (ChannelType::K8S, K8S),
            (ChannelType::Hana, hana),
            (ChannelType::VirtualMachine, machine),
        ] {
            let made = channel(kind, json).unwrap();
            let shown = ChannelShown::show(&made, &path, Some("not yet".to_owned()));
            let shown = serde_json::to_string(&shown).unwrap();
            let input: ChannelInput = super::super::read(shown.as_bytes()).unwrap();
            assert_eq!(input.channel(kind, made.id, Some(&made)).unwrap(), made);
        }
        let abap = channel(ChannelType::AbapCloud, ABAP).unwrap();
        let shown = serde_json::to_value(ChannelShown::show(&abap, &path, None)).unwrap();
        let expected = serde_json::json!([1, "ABAPCloud", 3307, 7, 2]);
        let fields = ["id", "type", "port", "instanceNumber", "connections"];
        assert_eq!(serde_json::json!(fields.map(|name| &shown[name])), expected);
    }

    #[test]
    fn wrong_fields_are_named() {
        for (kind, json, wrong) in [
            (
                ChannelType::AbapCloud,
                "{}",
                "abapCloudTenantHost: is missing",
            ),
            (ChannelType::Hana, ABAP, "hanaInstanceName: is missing"),
            (
                ChannelType::K8S,
                r#"{"k8sCluster":"a","k8sService":"s"}"#,
                "port: is missing",
            ),
            (
                ChannelType::K8S,
                r#"{"k8sCluster":"a","k8sService":"s","port":1,"name":"x"}"#,
                "name: is not for",
            ),
            (
                ChannelType::K8S,
                r#"{"k8sService":""}"#,
                "k8sService: the body does not fit: must not be empty",
            ),
            (
                ChannelType::K8S,
                r#"{"port":65536}"#,
                "port: the body does not fit: invalid value",
            ),
            (
                ChannelType::AbapCloud,
                r#"{"instanceNumber":"100"}"#,
                "between 0 and 99",
            ),
            (
                ChannelType::AbapCloud,
                r#"{"connections":0}"#,
                "between 1 and 100",
            ),
            (
                ChannelType::AbapCloud,
                r#"{"type":"K8S"}"#,
                "type: must be that of the address",
            ),
            (
                ChannelType::AbapCloud,
                r#"{"enabled":true}"#,
                "enabled: a channel is enabled",
            ),
            (ChannelType::AbapCloud, r#"{"typeKey":"RFC"}"#, "typeKey: "),
            (
                ChannelType::AbapCloudSnc,
                r#"{"abapCloudTenantHost":"t","instanceNumber":1,"port":3301}"#,
                "port: follows from instanceNumber; leave it out, or give 4801",
            ),
        ] {
            let refused = channel(kind, json).unwrap_err();
            assert!(refused.contains(wrong), "{json}: {refused}");
        }
    }
}
