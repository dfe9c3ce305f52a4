//! Which certificates of back ends are trusted.

use underpass_shared::api::management::{
    Refusal, Target, TrustedInput, TrustedShown, TruststoreInput, TruststoreShown, Verb,
};
use underpass_shared::config::{
    BackendTrust, Connector, ConnectorFields, Document, TrustedCertificate,
};

use super::call::Call;
use super::{Admin, Answer, answer};

type Entries = Vec<TrustedCertificate>;

/// A change of the trust store: whether all are trusted, and the entries.
fn edit(
    change: impl FnOnce(&mut bool, &mut Entries) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    move |document| {
        let connector = Connector::clone(document.connector());
        let trust = connector.backend_trust();
        let (mut all, mut entries) = (trust.trust_all_backends(), trust.certificates().to_vec());
        change(&mut all, &mut entries)?;
        let fields = ConnectorFields {
            backend_trust: BackendTrust::new(all, entries)?,
            ..connector.into()
        };
        Ok(document.with_connector(fields.try_into()?)?)
    }
}

fn position(entries: &[TrustedCertificate], alias: &str) -> Result<usize, Refusal> {
    let found = entries.iter().position(|one| one.alias.as_str() == alias);
    found.ok_or_else(|| Refusal::not_found(format!("there is no trusted certificate {alias}")))
}

impl Admin {
    pub(super) async fn truststore(&self, call: Call, verb: Verb) -> Answer {
        if verb != Verb::Patch {
            let current = self.readable()?;
            let shown = TruststoreShown::show(current.document().connector().backend_trust());
            return answer::ok(&shown, current.revision().number);
        }
        let input: TruststoreInput = call.read()?;
        let wanted = input.trust_all_backends.0;
        let reason = format!("set trustAllBackends to {wanted}");
        let edit = edit(move |all, _entries| {
            *all = wanted;
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    pub(super) async fn trusted_certificates(&self, call: Call, verb: Verb) -> Answer {
        match verb {
            Verb::Post => {
                let TrustedInput { alias, certificate } = call.read()?;
                let reason = format!("trusted certificate {alias}");
                let target = Target::TrustedCertificate(alias.to_string());
                let edit = edit(move |_all, entries| {
                    if position(entries, alias.as_str()).is_ok() {
                        let message = format!("there is a trusted certificate {alias} already");
                        return Err(Refusal::illegal_state(message).at("alias"));
                    }
                    entries.push(TrustedCertificate { alias, certificate });
                    Ok(())
                });
                let created = |revision| answer::created(&target, revision);
                self.change(&call, &reason, edit, created).await
            }
            Verb::Delete => {
                let edit = edit(|_all, entries| {
                    entries.clear();
                    Ok(())
                });
                let reason = "removed all trusted certificates";
                self.change(&call, reason, edit, answer::done).await
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let current = self.readable()?;
                let trust = current.document().connector().backend_trust();
                let shown = TruststoreShown::show(trust).trusted_backends;
                answer::ok(&shown, current.revision().number)
            }
        }
    }

    pub(super) async fn trusted_certificate(
        &self,
        call: Call,
        verb: Verb,
        alias: String,
    ) -> Answer {
        if verb == Verb::Delete {
            let reason = format!("removed trusted certificate {alias}");
            let edit = edit(move |_all, entries| {
                let at = position(entries, &alias)?;
                entries.remove(at);
                Ok(())
            });
            return self.change(&call, &reason, edit, answer::done).await;
        }
        let current = self.readable()?;
        let entries = current
            .document()
            .connector()
            .backend_trust()
            .certificates();
        let at = position(entries, &alias)?;
        let shown: Vec<TrustedShown> = entries
            .iter()
            .skip(at)
            .take(1)
            .map(TrustedShown::show)
            .collect();
        answer::ok(&shown.first(), current.revision().number)
    }
}
