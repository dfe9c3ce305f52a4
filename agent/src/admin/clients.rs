//! Which clients and users RFC may log on with, mapping by mapping.

use underpass_shared::api::management::{MappingAddress, Refusal, SubaccountPath, Verb};
use underpass_shared::config::{
    Client, ClientUser, Document, MappingFields, ProtocolFamily, RfcOptions,
};

use super::call::Call;
use super::mappings::{edit_mapping, find_mapping};
use super::subaccounts::find;
use super::{Admin, Answer, answer};

/// A change of what a mapping has for RFC only.
fn edit(
    call: &Call,
    path: SubaccountPath,
    address: MappingAddress,
    change: impl FnOnce(&mut RfcOptions) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    edit_mapping(call, path, address, |fields: &mut MappingFields| {
        if fields.protocol.family() != ProtocolFamily::Rfc {
            let message = "clients and users are those of RFC; this mapping has another protocol";
            return Err(Refusal::illegal_state(message).at("protocol"));
        }
        let mut options = fields.rfc_options.take().unwrap_or_default();
        change(&mut options)?;
        fields.rfc_options = Some(options);
        Ok(())
    })
}

impl Admin {
    pub(super) async fn allowed_clients(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        address: MappingAddress,
    ) -> Answer {
        if verb == Verb::Get {
            return self.rfc_list(&call, &path, &address, |rfc| rfc.allowed_clients.clone());
        }
        let given: Vec<Client> = match verb {
            Verb::Post | Verb::Patch => call.read()?,
            Verb::Get | Verb::Put | Verb::Delete => vec![],
        };
        let reason = format!("changed the allowed clients of system mapping {address}");
        let edit = edit(&call, path, address, move |rfc| {
            if verb != Verb::Patch {
                rfc.allowed_clients.clear();
            }
            rfc.allowed_clients.extend(given);
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    pub(super) async fn allowed_client(
        &self,
        call: Call,
        path: SubaccountPath,
        address: MappingAddress,
        client: Client,
    ) -> Answer {
        let reason = format!("removed allowed client {client} of system mapping {address}");
        let edit = edit(&call, path, address, move |rfc| {
            let clients = &mut rfc.allowed_clients;
            let at = clients.iter().position(|one| *one == client);
            let at = at.ok_or_else(|| missing(&client.to_string()))?;
            if clients.len() == 1 {
                let message = "without this one all clients would be allowed; remove the whole list \
                               where that is meant";
                return Err(Refusal::illegal_state(message).at("client"));
            }
            clients.remove(at);
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    pub(super) async fn blocked_users(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        address: MappingAddress,
    ) -> Answer {
        if verb == Verb::Get {
            return self.rfc_list(&call, &path, &address, |rfc| rfc.blocked_users.clone());
        }
        let given: Vec<ClientUser> = match verb {
            Verb::Post | Verb::Patch => call.read()?,
            Verb::Get | Verb::Put | Verb::Delete => vec![],
        };
        let reason = format!("changed the blocked users of system mapping {address}");
        let edit = edit(&call, path, address, move |rfc| {
            if verb != Verb::Patch {
                rfc.blocked_users.clear();
            }
            rfc.blocked_users.extend(given);
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    pub(super) async fn blocked_user(
        &self,
        call: Call,
        path: SubaccountPath,
        address: MappingAddress,
        user: ClientUser,
    ) -> Answer {
        let reason = format!("removed blocked user {user} of system mapping {address}");
        let edit = edit(&call, path, address, move |rfc| {
            let at = rfc.blocked_users.iter().position(|one| *one == user);
            let at = at.ok_or_else(|| missing(&user.to_string()))?;
            rfc.blocked_users.remove(at);
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    fn rfc_list<T: serde::Serialize>(
        &self,
        call: &Call,
        path: &SubaccountPath,
        address: &MappingAddress,
        list: impl FnOnce(&RfcOptions) -> Vec<T>,
    ) -> Answer {
        let current = self.readable()?;
        let location = call.query.location_id.as_ref();
        let found = find(current.document(), path, location)?;
        let rfc = find_mapping(found, address)?.rfc_options.as_deref();
        let all = rfc.map_or_else(Vec::new, list);
        answer::ok(&all, current.revision().number)
    }
}

fn missing(entry: &str) -> Refusal {
    Refusal::not_found(format!("the list has no entry {entry}"))
}
