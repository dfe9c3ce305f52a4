//! Who may use the API from afar.

use http::StatusCode;
use underpass_runtime::pki::CertificateInfo;
use underpass_runtime::{clock, random};
use underpass_shared::api::management::{
    CertificateRequest, Issued, OperatorChange, OperatorInput, OperatorShown, OperatorTarget, Own,
    Refusal, Target, Verb,
};
use underpass_shared::audit::Category;
use underpass_shared::config::{
    Comment, Connector, ConnectorFields, Document, Joining, Operator, OperatorName, Operators,
};
use underpass_shared::id::OperatorId;
use underpass_shared::rights::Role;

use super::call::Call;
use super::{Admin, Answer, Caller, answer, authentication};

/// An operator to be.
#[derive(Clone, Debug)]
pub struct NewOperator {
    /// His name for people.
    pub name: OperatorName,
    /// What he may do.
    pub role: Role,
    /// For people.
    pub comment: Comment,
}

/// The document with other operators.
pub(super) fn with_operators(
    document: &Document,
    operators: Operators,
) -> Result<Document, Refusal> {
    let fields = ConnectorFields {
        operators,
        ..Connector::clone(document.connector()).into()
    };
    Ok(document.with_connector(fields.try_into()?)?)
}

fn find(document: &Document, id: OperatorId) -> Result<&Operator, Refusal> {
    let found = document.connector().operators().get(id);
    found.ok_or_else(|| Refusal::not_found(format!("there is no operator {id}")))
}

fn failed(error: &anyhow::Error) -> Refusal {
    Refusal::failure(format!("{error:#}"))
}

impl Admin {
    /// Whether nobody may use the API from afar.
    pub fn has_no_operators(&self) -> bool {
        let current = self.store.current();
        let operators = current.document().connector().operators();
        current.problem().is_none() && operators.is_empty()
    }

    pub(super) async fn of_operators(
        &self,
        call: Call,
        verb: Verb,
        target: OperatorTarget,
    ) -> Answer {
        match target {
            OperatorTarget::All => self.operators(call, verb).await,
            OperatorTarget::One(id) => self.operator(call, verb, id).await,
            OperatorTarget::Pairing => self.pairing(call, verb).await,
            OperatorTarget::Pair => {
                let message = "a client without a certificate pairs, over TLS";
                Err(Refusal::illegal_state(message))
            }
            OperatorTarget::Organisation => self.organisation(&call, verb).await,
            OperatorTarget::Authentication => self.authentication(),
            OperatorTarget::BasicAuthentication => authentication::change_basic(&call),
            OperatorTarget::Own => self.own(&call),
            OperatorTarget::Certificate => self.renew_certificate(&call).await,
        }
    }

    async fn operators(&self, call: Call, verb: Verb) -> Answer {
        if verb == Verb::Post {
            return self.add_operator(&call).await;
        }
        let current = self.readable()?;
        let all = current.document().connector().operators().as_slice();
        let all: Vec<OperatorShown> = all.iter().map(|one| self.operators.show(one)).collect();
        answer::ok(&all, current.revision().number)
    }

    async fn add_operator(&self, call: &Call) -> Answer {
        let OperatorInput {
            name,
            role,
            comment,
            csr,
        } = call.read()?;
        let reason = format!("added operator {name} as {role}");
        let new = NewOperator {
            name,
            role,
            comment,
        };
        let (operator, certificate) = self.sign(new, &csr)?;
        let edit = {
            let operator = operator.clone();
            move |document: &Document| join(document, operator)
        };
        let done = answer::done;
        let changed = self
            .change_as(call, &reason, Joining::Anybody, edit, done)
            .await?;
        if call.query.dry_run {
            return Ok(changed);
        }
        let issued = self.issued(&operator, certificate)?;
        let target = Target::Operators(OperatorTarget::One(issued.operator.id));
        let response = answer::ok(&issued, self.store.current().revision().number)?;
        let mut response = answer::as_told(response, &changed);
        *response.status_mut() = StatusCode::CREATED;
        answer::locate(&mut response, &target);
        Ok(response)
    }

    /// Adds an operator with a certificate for the key of a signing request.
    ///
    /// # Errors
    /// When the request cannot be signed, or the change is refused.
    pub async fn issue(
        &self,
        caller: &Caller,
        new: NewOperator,
        csr: &str,
        reason: &str,
    ) -> Result<Issued, Refusal> {
        let (operator, certificate) = self.sign(new, csr)?;
        let edit = {
            let operator = operator.clone();
            move |document: &Document| join(document, operator)
        };
        self.commit(caller, reason, None, Joining::Anybody, None, edit)
            .await?;
        self.issued(&operator, certificate)
    }

    /// An operator who is not in the document yet, with a certificate that is therefore worth
    /// nothing yet.
    fn sign(&self, new: NewOperator, csr: &str) -> Result<(Operator, String), Refusal> {
        let now_ms = clock::wall_ms();
        let operator = Operator {
            id: OperatorId::from_uuid(random::id()),
            name: new.name,
            role: new.role,
            created_ms: now_ms,
            comment: new.comment,
        };
        let certificate = self.certify(operator.id, csr, now_ms)?;
        Ok((operator, certificate))
    }

    fn certify(&self, id: OperatorId, csr: &str, now_ms: i64) -> Result<String, Refusal> {
        let identity = self.operators.identity().map_err(|error| failed(&error))?;
        let signed = identity.operator(csr, id, now_ms);
        signed.map_err(|error| {
            let rule = format!("must be a PKCS#10 signing request as PEM: {error}");
            Refusal::invalid("csr", rule)
        })
    }

    fn issued(&self, operator: &Operator, certificate: String) -> Result<Issued, Refusal> {
        let info = CertificateInfo::from_pem(&certificate);
        let info = info.map_err(|error| Refusal::failure(error.to_string()))?;
        self.operators
            .records
            .issued(operator.id, info.not_after_ms);
        let identity = self.operators.identity().map_err(|error| failed(&error))?;
        Ok(Issued {
            operator: self.operators.show(operator),
            certificate,
            agent_id: identity.id(),
            server_name: identity.id().server_name(),
            ca_cert: identity.certificate().to_owned(),
        })
    }

    async fn operator(&self, call: Call, verb: Verb, id: OperatorId) -> Answer {
        let current = self.readable()?;
        let found = find(current.document(), id)?;
        match verb {
            Verb::Patch => {
                let change: OperatorChange = call.read()?;
                let reason = format!("changed operator {}", found.name);
                let edit = move |document: &Document| alter(document, id, change);
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Delete => {
                let reason = format!("removed operator {} ({id})", found.name);
                let edit = move |document: &Document| {
                    find(document, id)?;
                    let operators = document.connector().operators().without(id);
                    with_operators(document, operators)
                };
                let changed = self.change(&call, &reason, edit, answer::done).await?;
                let present = self.store.current();
                let present = present.document().connector().operators();
                self.operators
                    .records
                    .keep(|one| present.get(one).is_some());
                Ok(changed)
            }
            Verb::Get | Verb::Post | Verb::Put => {
                answer::ok(&self.operators.show(found), current.revision().number)
            }
        }
    }

    fn own(&self, call: &Call) -> Answer {
        let current = self.readable()?;
        let operator = match call.caller() {
            Caller::Local(_) | Caller::Member(_) | Caller::Monitoring(_) => None,
            Caller::Operator(own) => {
                let found = find(current.document(), own.id)?;
                Some(self.operators.show(found))
            }
        };
        let own = Own {
            author: call.caller().to_string(),
            role: call.caller().role(),
            operator,
        };
        answer::ok(&own, current.revision().number)
    }

    /// A new certificate for whoever proved that he has one.
    async fn renew_certificate(&self, call: &Call) -> Answer {
        let CertificateRequest { csr } = call.read()?;
        let Caller::Operator(own) = call.caller() else {
            let message = "only an operator with a certificate has one to renew";
            return Err(Refusal::illegal_state(message));
        };
        let current = self.readable()?;
        let operator = find(current.document(), own.id)?;
        let certificate = self.certify(own.id, &csr, clock::wall_ms())?;
        let reason = format!("renewed the certificate of operator {}", own.name);
        let recording = self.recording(call.caller(), Category::Pairing, &reason);
        recording.intend_act().await?;
        let issued = self.issued(operator, certificate);
        recording.acted(&issued);
        let issued = issued?;
        tracing::info!(operator = %own.id, name = own.name, "an operator renewed the certificate");
        answer::ok(&issued, current.revision().number)
    }
}

fn join(document: &Document, operator: Operator) -> Result<Document, Refusal> {
    let operators = document.connector().operators().with(operator)?;
    with_operators(document, operators)
}

fn alter(document: &Document, id: OperatorId, change: OperatorChange) -> Result<Document, Refusal> {
    let mut operator = find(document, id)?.clone();
    let OperatorChange {
        name,
        role,
        comment,
    } = change;
    operator.name = name.unwrap_or(operator.name);
    operator.role = role.unwrap_or(operator.role);
    operator.comment = comment.unwrap_or(operator.comment);
    join(document, operator)
}
