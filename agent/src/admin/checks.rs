//! Checks that operators ask for.

use std::str::FromStr as _;

use http::{Method, Uri};
use underpass_shared::api::management::{
    AccessCheckInput, ConnectionCheckInput, MappingAddress, Refusal, SubaccountPath,
};
use underpass_shared::config::{
    BackendType, Document, Mapping, MappingFields, Protocol, ProtocolFamily,
};
use underpass_shared::host::{InternalAddress, VirtualAddress, VirtualHost, port_of};
use underpass_shared::policy::Access;

use super::call::Call;
use super::mappings::find_mapping;
use super::subaccounts::find;
use super::{Admin, Answer, answer};
use crate::forward::{Wanted, check};

/// A mapping to a system that is not mapped yet.
pub(super) fn unsaved(input: ConnectionCheckInput) -> Result<Mapping, Refusal> {
    let internal = InternalAddress {
        host: input.local_host,
        port: input.local_port.0,
    };
    // Anything that fits: what is checked depends on the internal address and the protocol.
    let virtual_address = VirtualAddress {
        host: VirtualHost::from_str("unsaved")
            .map_err(|rule| Refusal::failure(rule.to_string()))?,
        port: internal.port,
    };
    let backend = match input.protocol.family() {
        ProtocolFamily::Rfc => BackendType::Abap,
        ProtocolFamily::Http | ProtocolFamily::Tcp | ProtocolFamily::Ldap => BackendType::NonSap,
    };
    let fields = MappingFields::closed(virtual_address, internal, input.protocol, backend);
    Ok(Mapping::try_from(fields)?)
}

impl Admin {
    pub(super) async fn mapping_check(
        &self,
        call: Call,
        path: SubaccountPath,
        address: MappingAddress,
    ) -> Answer {
        let current = self.readable()?;
        let document = current.document();
        let found = find(document, &path, call.query.location_id.as_ref())?;
        let mapping = find_mapping(found, &address)?;
        self.look(mapping, document).await
    }

    pub(super) async fn connection_check(&self, call: Call, path: SubaccountPath) -> Answer {
        let input: ConnectionCheckInput = call.read()?;
        let current = self.readable()?;
        let document = current.document();
        find(document, &path, call.query.location_id.as_ref())?;
        self.look(&unsaved(input)?, document).await
    }

    async fn look(&self, mapping: &Mapping, document: &Document) -> Answer {
        let Ok(_place) = self.checks.try_acquire() else {
            let message = "other checks are under way; wait for their end";
            return Err(Refusal::illegal_state(message));
        };
        let own = self.live.as_ref().map(|live| live.own.clone());
        let wanted = Wanted {
            mapping,
            connector: document.connector(),
            secrets: &self.secrets,
            own: &own.unwrap_or_default(),
            path: None,
        };
        let report = check(wanted, &self.tasks).await;
        answer::ok(&report, self.store.current().revision().number)
    }

    pub(super) fn access_check(&self, call: &Call, path: &SubaccountPath) -> Answer {
        let input: AccessCheckInput = call.read()?;
        if let Some(method) = &input.method
            && Method::from_bytes(method.as_bytes()).is_err()
        {
            let rule = "must be a method of HTTP, such as GET";
            return Err(Refusal::invalid("method", rule));
        }
        let wrong = |rule: String| Refusal::invalid("url", rule);
        let url: Uri = input.url.parse().map_err(|rule| wrong(format!("{rule}")))?;
        if !matches!(url.scheme_str(), Some("http")) {
            let rule = "must begin with http://, as cloud applications write it";
            return Err(wrong(rule.to_owned()));
        }
        let port = port_of(&url).map_err(|rule| wrong(format!("{rule}")))?;
        let current = self.readable()?;
        let location = call.query.location_id.as_ref();
        let key = find(current.document(), path, location)?.key();
        let Some(policy) = current.policy(key) else {
            return Err(Refusal::failure("the subaccount has no access control"));
        };
        let told = policy.explain(&Access {
            protocol: Protocol::Http,
            host: url.host().unwrap_or_default(),
            port,
            path: url.path().as_bytes(),
            websocket: input.websocket.0,
        });
        answer::ok(&told, current.revision().number)
    }
}
