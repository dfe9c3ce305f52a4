//! `operator trust show|add|rule|remove`: whom CAs of the organisation vouch for.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{OperatorTarget, Query, Target, Verb};
use underpass_shared::config::{
    Alias, AuthorityRule, Certificate, OrganisationFields, SubjectMatch, TrustedCertificate,
};
use underpass_shared::rights::Role;

use super::super::Preview;
use super::super::client::Client;
use super::super::output::{Output, table};

pub(crate) const EXAMPLE: &str = "\
Examples:
  underpass-agent operator trust add corp corp-ca.pem --match OU=Operations --role Support
  underpass-agent operator trust rule corp --match CN=anna --role Administrator
  underpass-agent operator trust show
  underpass-agent operator trust remove corp

Whoever has a client certificate of one of these CAs gets the role of the first rule that fits it,
and is not let in where none does.";

const ORGANISATION: Target = Target::Operators(OperatorTarget::Organisation);

/// What to do with the organisation's CAs.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show the CAs and the rules in their order.
    #[command(after_help = "Example:\n  underpass-agent operator trust show --json")]
    Show,
    /// Take client certificates of a CA, with a first rule.
    #[command(after_help = "Example:\n  \
        underpass-agent operator trust add corp corp-ca.pem --match OU=Operations --role Support")]
    Add {
        /// What it is called here.
        alias: Alias,
        /// Its certificate as PEM.
        file: PathBuf,
        /// Whose certificates, as CN=…, OU=…, O=… or subject=CN=…,O=…; compared exactly.
        #[arg(long = "match", value_parser = matching)]
        matching: SubjectMatch,
        /// What they may do.
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        dry_run: Preview,
    },
    /// Add a rule for certificates of a CA, behind those that there are.
    #[command(after_help = "Example:\n  \
        underpass-agent operator trust rule corp --match CN=anna --role Administrator --first")]
    Rule {
        /// What the CA is called here.
        alias: Alias,
        /// Whose certificates, as CN=…, OU=…, O=… or subject=CN=…,O=…; compared exactly.
        #[arg(long = "match", value_parser = matching)]
        matching: SubjectMatch,
        /// What they may do.
        #[arg(long)]
        role: Role,
        /// Before all other rules; the first that fits holds.
        #[arg(long)]
        first: bool,
        #[command(flatten)]
        dry_run: Preview,
    },
    /// Take no certificates of a CA any more; its rules go with it.
    #[command(after_help = "Example:\n  underpass-agent operator trust remove corp")]
    Remove {
        /// What the CA is called here.
        alias: Alias,
        #[command(flatten)]
        dry_run: Preview,
    },
}

/// What a rule asks of a subject, as people write it.
fn matching(text: &str) -> Result<SubjectMatch, String> {
    let rule = || "must be CN=…, OU=…, O=… or subject=… with the whole name".to_owned();
    let (name, value) = text.split_once('=').ok_or_else(rule)?;
    let name = match name {
        "CN" | "OU" | "O" | "subject" => name,
        _ => return Err(rule()),
    };
    let read = serde_json::from_value(serde_json::json!({ name: value }));
    read.map_err(|error| error.to_string())
}

pub(crate) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut query = Query::default();
    let asked = client.call(Verb::Get, ORGANISATION, &query, Bytes::new());
    let reply = asked.await?;
    let mut shown: serde_json::Value = reply.read()?;
    if let Some(shown) = shown.as_object_mut() {
        shown.remove("_links");
    }
    let mut fields: OrganisationFields = serde_json::from_value(shown)?;
    let dry_run = match action {
        Action::Show => return show(&fields, out),
        Action::Add {
            alias,
            file,
            matching,
            role,
            dry_run,
        } => {
            ensure!(
                !fields.authorities.iter().any(|one| one.alias == alias),
                "there is a CA {alias} already"
            );
            fields.authorities.push(TrustedCertificate {
                alias: alias.clone(),
                certificate: read(&file)?,
            });
            fields.rules.push(AuthorityRule {
                authority: alias,
                matching,
                role,
            });
            dry_run
        }
        Action::Rule {
            alias,
            matching,
            role,
            first,
            dry_run,
        } => {
            let at = if first { 0 } else { fields.rules.len() };
            let rule = AuthorityRule {
                authority: alias,
                matching,
                role,
            };
            fields.rules.insert(at, rule);
            dry_run
        }
        Action::Remove { alias, dry_run } => {
            let before = fields.authorities.len();
            fields.authorities.retain(|one| one.alias != alias);
            if fields.authorities.len() == before {
                bail!("there is no CA {alias}; see `underpass-agent operator trust show`");
            }
            fields.rules.retain(|rule| rule.authority != alias);
            dry_run
        }
    };
    dry_run.put(&mut query);
    // What somebody else changed meanwhile must not be lost.
    let known = reply.revision;
    let sent = client.send_if(known, Verb::Put, ORGANISATION, &query, &fields);
    out.changed(&sent.await?, query.dry_run)
}

fn read(file: &std::path::Path) -> anyhow::Result<Certificate> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("cannot read {}", file.display()))?;
    let wrong = || format!("{} is no certificate", file.display());
    text.parse().with_context(wrong)
}

fn show(fields: &OrganisationFields, out: &mut Output<'_>) -> anyhow::Result<()> {
    out.show(fields, |out| {
        if fields.authorities.is_empty() {
            return writeln!(out, "no CA vouches for operators");
        }
        let cas = fields.authorities.iter().map(|one| {
            let name = one.certificate.summary().subject;
            [one.alias.to_string(), name, String::new()]
        });
        table(out, ["CA", "SUBJECT", ""], cas)?;
        writeln!(out)?;
        let rules = fields.rules.iter().map(|rule| {
            [
                rule.authority.to_string(),
                rule.matching.to_string(),
                rule.role.to_string(),
            ]
        });
        table(out, ["CA", "MATCH", "ROLE"], rules)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_read_as_they_are_shown() {
        for text in ["CN=anna", "OU=a=b", "O=Corp", "subject=CN=anna,O=Corp"] {
            assert_eq!(matching(text).unwrap().to_string(), text);
        }
        for text in ["anna", "DC=x", "subject=x", "cn=a"] {
            assert!(matching(text).is_err(), "{text}");
        }
    }
}
