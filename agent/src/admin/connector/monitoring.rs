//! Users with a password.

use underpass_runtime::{password, random};
use underpass_shared::api::management::{
    ConnectorTarget, MonitoringPassword, MonitoringUserInput, MonitoringUserShown, Refusal, Target,
    Verb,
};
use underpass_shared::config::{Alias, ConnectorFields, MonitoringUser};
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

use super::edit;
use crate::admin::call::Call;
use crate::admin::{Admin, Answer, answer};

fn missing(name: &Alias) -> Refusal {
    Refusal::not_found(format!("there is no user {name}"))
}

/// A change of the users.
fn change(
    fields: &mut ConnectorFields,
    change: impl FnOnce(&mut Vec<MonitoringUser>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut users = fields.monitoring_users.as_slice().to_vec();
    change(&mut users)?;
    fields.monitoring_users = users.try_into()?;
    Ok(())
}

impl Admin {
    pub(super) async fn monitoring_users(&self, call: &Call, verb: Verb) -> Answer {
        if verb != Verb::Post {
            let current = self.readable()?;
            let users = &current.document().connector().monitoring_users;
            let users = users.as_slice().iter();
            let shown: Vec<_> = users
                .map(|one| MonitoringUserShown::show(&one.name))
                .collect();
            return answer::ok(&shown, current.revision().number);
        }
        let (name, password) = call.read::<MonitoringUserInput>()?.into_parts()?;
        let target = Target::Connector(ConnectorTarget::MonitoringUser(name.clone()));
        let reason = format!("added monitoring user {name}");
        let id = self.keep_hash(password).await?;
        let edit = edit(move |fields| {
            change(fields, |users| {
                if users.iter().any(|one| one.name == name) {
                    let message = format!("there is a user {name} already");
                    return Err(Refusal::illegal_state(message).at("name"));
                }
                users.push(MonitoringUser { name, password: id });
                Ok(())
            })
        });
        let created = |revision| answer::created(&target, revision);
        let changed = self.change(call, &reason, edit, created).await;
        if changed.is_err() || call.query.dry_run {
            self.drop_password(Some(id));
        }
        changed
    }

    pub(super) async fn monitoring_user(&self, call: &Call, verb: Verb, name: Alias) -> Answer {
        match verb {
            Verb::Put => self.monitoring_password(call, name).await,
            Verb::Delete => {
                let reason = format!("removed monitoring user {name}");
                let edit = edit(move |fields| {
                    change(fields, |users| {
                        let before = users.len();
                        users.retain(|one| one.name != name);
                        if users.len() == before {
                            return Err(missing(&name));
                        }
                        Ok(())
                    })
                });
                self.change(call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Post | Verb::Patch => {
                let current = self.readable()?;
                let users = &current.document().connector().monitoring_users;
                let user = users.get(name.as_str()).ok_or_else(|| missing(&name))?;
                let shown = MonitoringUserShown::show(&user.name);
                answer::ok(&shown, current.revision().number)
            }
        }
    }

    async fn monitoring_password(&self, call: &Call, name: Alias) -> Answer {
        let password = call.read::<MonitoringPassword>()?.checked()?;
        let reason = format!("changed the password of monitoring user {name}");
        let id = self.keep_hash(password).await?;
        let edit = edit(move |fields| {
            change(fields, |users| {
                let found = users.iter_mut().find(|one| one.name == name);
                let found = found.ok_or_else(|| missing(&name))?;
                found.password = id;
                Ok(())
            })
        });
        let changed = self.change(call, &reason, edit, answer::done).await;
        if changed.is_err() || call.query.dry_run {
            self.drop_password(Some(id));
        }
        changed
    }

    /// Puts the hash of a password into the secret store.
    async fn keep_hash(&self, password: Secret) -> Result<CredentialId, Refusal> {
        let id = CredentialId::from_uuid(random::id());
        let secrets = self.secrets.clone();
        let work = move || secrets.save(id, &password::hash(&password));
        let saved = tokio::task::spawn_blocking(work).await;
        let saved = saved.map_err(|error| Refusal::failure(error.to_string()))?;
        saved.map_err(|error| Refusal::failure(format!("{error:#}")))?;
        Ok(id)
    }
}
