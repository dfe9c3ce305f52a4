//! The rules by which users get the subjects of their certificates. The last one is for whom no
//! other holds; it can be changed, but neither moved nor removed.

use std::time::Duration;

use underpass_runtime::clock;
use underpass_runtime::pki::{KeyType, Lifetime, OwnKey, OwnKeyError, Subject};
use underpass_shared::api::management::{
    ALWAYS, ConditionInput, ConnectorTarget, Linked, MoveInput, Refusal, SubjectRuleInput,
    SubjectRuleShown, Target, Verb,
};
use underpass_shared::config::{
    Certificate, ConnectorFields, SubjectFallback, SubjectPattern, SubjectRule, SubjectRules,
};
use underpass_shared::pki::chain::CertificateUse;
use underpass_shared::pki::dn::DistinguishedName;
use underpass_shared::secret::Secret;

use super::edit;
use crate::admin::accept::{self, Accept};
use crate::admin::call::{self, Call};
use crate::admin::certificates::{DER, PEM};
use crate::admin::kept::unusable;
use crate::admin::{Admin, Answer, answer};

fn shown(rules: &SubjectRules) -> Vec<SubjectRuleShown> {
    let fallback = SubjectRuleShown::from(rules.fallback());
    let rules = rules.rules().iter().map(SubjectRuleShown::from);
    rules.chain([fallback]).collect()
}

fn missing(index: usize) -> Refusal {
    Refusal::not_found(format!("there is no subject rule {index}"))
}

/// A change of the rules with a condition, and of the last one.
fn change(
    fields: &mut ConnectorFields,
    change: impl FnOnce(&mut Vec<SubjectRule>, &mut SubjectFallback) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let (mut rules, mut fallback) = fields.subject_pattern_rules.clone().into_parts();
    change(&mut rules, &mut fallback)?;
    fields.subject_pattern_rules = SubjectRules::new(rules, fallback)?;
    Ok(())
}

/// A rule with a condition.
fn conditional(input: SubjectRuleInput) -> Result<SubjectRule, Refusal> {
    match input.condition {
        ConditionInput::When(condition) => Ok(SubjectRule {
            description: input.description,
            condition,
            subject_pattern: input.subject_pattern,
        }),
        ConditionInput::Always => {
            let rule = format!("only the last rule is {ALWAYS:?}");
            Err(Refusal::invalid("condition", rule))
        }
    }
}

impl Admin {
    pub(super) async fn subject_rules(&self, call: &Call, verb: Verb) -> Answer {
        let current = self.readable()?;
        let rules = &current.document().connector().subject_pattern_rules;
        if verb != Verb::Post {
            return answer::ok(&shown(rules), current.revision().number);
        }
        let rule = conditional(call.read()?)?;
        let index = rules.rules().len();
        let target = Target::Connector(ConnectorTarget::SubjectRule(index));
        let edit = edit(move |fields| {
            change(fields, |rules, _fallback| {
                if rules.len() != index {
                    let message = "the rules were changed by somebody else meanwhile";
                    return Err(Refusal::illegal_state(message));
                }
                rules.push(rule);
                Ok(())
            })
        });
        let created = |revision| answer::created(&target, revision);
        self.change(call, "added a subject rule", edit, created)
            .await
    }

    pub(super) async fn subject_rule(&self, call: &Call, verb: Verb, index: usize) -> Answer {
        match verb {
            Verb::Put => self.replace_rule(call, index).await,
            Verb::Delete => {
                let edit = edit(move |fields| {
                    change(fields, |rules, _fallback| {
                        if index == rules.len() {
                            let message = "the last rule is for whom no other holds, and stays";
                            return Err(Refusal::illegal_state(message));
                        }
                        if index > rules.len() {
                            return Err(missing(index));
                        }
                        rules.remove(index);
                        Ok(())
                    })
                });
                let reason = format!("removed subject rule {index}");
                self.change(call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Post | Verb::Patch => {
                let current = self.readable()?;
                let rules = shown(&current.document().connector().subject_pattern_rules);
                let rule = rules.into_iter().nth(index).ok_or_else(|| missing(index))?;
                let target = Target::Connector(ConnectorTarget::SubjectRule(index));
                answer::ok(&Linked::at(target, rule), current.revision().number)
            }
        }
    }

    async fn replace_rule(&self, call: &Call, index: usize) -> Answer {
        let input: SubjectRuleInput = call.read()?;
        let edit = edit(move |fields| {
            change(fields, |rules, fallback| {
                if index == rules.len() {
                    if input.condition != ConditionInput::Always {
                        let rule = format!("of the last rule stays {ALWAYS:?}");
                        return Err(Refusal::invalid("condition", rule));
                    }
                    *fallback = SubjectFallback {
                        description: input.description,
                        subject_pattern: input.subject_pattern,
                    };
                    return Ok(());
                }
                let slot = rules.get_mut(index).ok_or_else(|| missing(index))?;
                *slot = conditional(input)?;
                Ok(())
            })
        });
        let reason = format!("replaced subject rule {index}");
        self.change(call, &reason, edit, answer::done).await
    }

    pub(super) async fn move_rule(&self, call: &Call, index: usize) -> Answer {
        let MoveInput { position } = call.read()?;
        let to = usize::try_from(position.get()).unwrap_or(usize::MAX);
        let edit = edit(move |fields| {
            change(fields, |rules, _fallback| {
                if index > rules.len() {
                    return Err(missing(index));
                }
                if index == rules.len() {
                    let message = "the last rule is for whom no other holds, and stays the last";
                    return Err(Refusal::illegal_state(message));
                }
                if to >= rules.len() {
                    let most = rules.len().saturating_sub(1);
                    let rule = format!("must be between 0 and {most}, before the last rule");
                    return Err(Refusal::invalid("position", rule));
                }
                let rule = rules.remove(index);
                rules.insert(to, rule);
                Ok(())
            })
        });
        let reason = format!("moved subject rule {index} to {to}");
        let moved = self.change(call, &reason, edit, answer::done).await?;
        if call.query.dry_run {
            return Ok(moved);
        }
        let current = self.readable()?;
        let rules = &current.document().connector().subject_pattern_rules;
        let response = answer::ok(&shown(rules), current.revision().number)?;
        Ok(answer::as_told(response, &moved))
    }

    pub(super) async fn sample_certificate(&self, call: &Call, index: usize) -> Answer {
        let current = self.readable()?;
        let number = current.revision().number;
        let connector = current.document().connector();
        let rules = &connector.subject_pattern_rules;
        let pattern = match rules.rules().get(index) {
            Some(rule) => &rule.subject_pattern,
            None if index == rules.rules().len() => &rules.fallback().subject_pattern,
            None => return Err(missing(index)),
        };
        check_values(call, pattern)?;
        let values = &call.query.values;
        let subject = pattern.fill(|one| values.get(one.as_str()).map(String::as_str));
        let name = subject.map_err(|rule| Refusal::invalid("values", rule.to_string()))?;
        let (chain, key) = connector
            .certificates
            .get(CertificateUse::PpCa)
            .certificate()
            .ok_or_else(|| {
                let message = "there is no CA certificate for principal propagation that could \
                               sign it; set one at \
                               /api/v1/configuration/connector/onPremises/ppCaCertificate";
                Refusal::illegal_state(message)
            })?;
        let key = self.secrets.load_key(key);
        let gone = || {
            let message = "the private key of the CA certificate for principal propagation is not \
                           on this host; set the certificate again at \
                           /api/v1/configuration/connector/onPremises/ppCaCertificate";
            Refusal::illegal_state(message)
        };
        let key = key.map_err(|error| unusable(&error, gone))?;
        let minutes = connector.pp_settings.certificate_validity_in_min.get();
        let lifetime = Lifetime {
            now_ms: clock::wall_ms(),
            valid: Duration::from_secs(60 * u64::from(minutes)),
        };
        let (accept, chain) = (Accept::of(call.accept()), chain.to_vec());
        call::blocking(move || {
            let certificate = user_certificate(&chain, &key, name, lifetime)?;
            Ok(match accept {
                Accept::Pem => answer::bytes(accept::pem([&certificate]), PEM, number),
                Accept::Json | Accept::Der => {
                    answer::bytes(accept::der([&certificate]), DER, number)
                }
            })
        })
        .await
    }
}

/// What a user would be given; the key is thrown away, so that nobody can use it.
fn user_certificate(
    chain: &[Certificate],
    key: &Secret,
    name: DistinguishedName,
    lifetime: Lifetime,
) -> Result<Certificate, Refusal> {
    let failed = |error: OwnKeyError| Refusal::failure(format!("{:#}", anyhow::Error::from(error)));
    let none = || Refusal::failure("the CA for principal propagation has no certificate");
    let ca = chain.first().ok_or_else(none)?;
    let subject = Subject {
        name,
        alt_names: vec![],
    };
    let signer = OwnKey::from_pem(key).map_err(failed)?;
    let user = OwnKey::generate(KeyType::EcdsaP256).map_err(failed)?;
    let signed = signer.user(ca.der(), &user, &subject, lifetime);
    let signed = signed.map_err(failed)?;
    Certificate::from_der(&signed).map_err(|error| Refusal::failure(error.to_string()))
}

/// Every variable of a pattern needs a value, and nothing else has one.
fn check_values(call: &Call, pattern: &SubjectPattern) -> Result<(), Refusal> {
    let variables = pattern.variables();
    let values = &call.query.values;
    if let Some(missing) = variables
        .iter()
        .find(|one| !values.contains_key(one.as_str()))
    {
        let rule = "needs a value: the rule's subject is made of it";
        return Err(Refusal::invalid(missing.as_str(), rule));
    }
    let known = |name: &String| variables.iter().any(|one| one.as_str() == name);
    match values.keys().find(|name| !known(name)) {
        Some(extra) => {
            let rule = "is no variable of the rule's subject";
            Err(Refusal::invalid(extra, rule))
        }
        None => Ok(()),
    }
}
