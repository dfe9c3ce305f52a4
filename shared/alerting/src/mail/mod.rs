//! Mail: one message for each parcel, its recipients one by one.

mod connect;
mod message;
mod options;
mod stream;

use lettre::Address;
use lettre::message::Mailboxes;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use underpass_shared::config::MailFields;

use self::options::Options;
use crate::failure::{Failure, Outcome, within};
use crate::parcel::Parcel;
use crate::settings::Route;
use crate::surroundings::Surroundings;
use crate::tempo::Tempo;

/// How long the goodbye may take; the mail is delivered already.
const QUIT_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// Sends a parcel to those of its recipients who do not have it yet.
pub(crate) async fn send(
    mail: &MailFields,
    route: &Route,
    parcel: &Parcel,
    surroundings: &Surroundings,
    tempo: &Tempo,
) -> Outcome {
    match attempt(mail, route, parcel, surroundings, tempo).await {
        Ok(outcome) => outcome,
        Err(failure) => failure.into(),
    }
}

async fn attempt(
    mail: &MailFields,
    route: &Route,
    parcel: &Parcel,
    surroundings: &Surroundings,
    tempo: &Tempo,
) -> Result<Outcome, Failure> {
    let options = Options::of(mail)?;
    let recipients = recipients(mail, parcel)?;
    if recipients.is_empty() {
        let remark = "those who were left are no recipients any more".to_owned();
        return Ok(Outcome::Delivered {
            remark: Some(remark),
        });
    }
    let message = message::build(mail, &route.sender, parcel)?;
    let mut connection = connect::open(mail, &options, route, surroundings, tempo).await?;
    log_in(mail, &options, &mut connection, surroundings, tempo).await?;
    let answered = transfer(
        mail,
        &options,
        &mut connection,
        &recipients,
        &message,
        tempo,
    )
    .await;
    // Whatever the server says now changes nothing.
    drop(tokio::time::timeout(QUIT_MAX, connection.quit()).await);
    let answers = answered?;
    Ok(outcome(parcel, answers))
}

/// The recipients who do not have the parcel yet, each once.
fn recipients(mail: &MailFields, parcel: &Parcel) -> Result<Vec<Address>, Failure> {
    let to = message::mailboxes("sendTo", &mail.send_to)?;
    let copy = mail.send_cc.as_deref().filter(|list| !list.is_empty());
    let copy = copy
        .map(|list| message::mailboxes("sendCc", list))
        .transpose()?;
    let addresses = |list: Mailboxes| list.into_iter().map(|one| one.email);
    let mut all: Vec<Address> = vec![];
    for address in addresses(to).chain(copy.into_iter().flat_map(addresses)) {
        let known = all.contains(&address);
        let left = parcel.left.as_ref();
        let left = left.is_none_or(|left| left.iter().any(|one| *one == address.to_string()));
        if left && !known {
            all.push(address);
        }
    }
    Ok(all)
}

async fn log_in(
    mail: &MailFields,
    options: &Options,
    connection: &mut AsyncSmtpConnection,
    surroundings: &Surroundings,
    tempo: &Tempo,
) -> Result<(), Failure> {
    let Some(user) = mail.smtp_username.as_deref().filter(|_| options.login) else {
        return Ok(());
    };
    let step = format!("login as {user}");
    let password = match mail.credential {
        Some(id) => (surroundings.secrets)(id),
        None => Err("there is no password; set smtpPassword".to_owned()),
    };
    let password = password.map_err(|why| Failure::at(step.clone(), why))?;
    let credentials = Credentials::new(user.to_owned(), password.expose().to_owned());
    let asked = connection.auth(&options.mechanisms, &credentials);
    let asked = within(options.answer(tempo), &step, asked).await?;
    asked.map(drop).map_err(|error| Failure::at(step, error))
}

/// What the server said of each recipient.
struct Answer {
    recipient: Address,
    said: Result<(), lettre::transport::smtp::Error>,
}

/// Hands the message over, for as many recipients as the server takes it for.
async fn transfer(
    mail: &MailFields,
    options: &Options,
    connection: &mut AsyncSmtpConnection,
    recipients: &[Address],
    message: &[u8],
    tempo: &Tempo,
) -> Result<Vec<Answer>, Failure> {
    let limit = options.answer(tempo);
    let from = options.from(mail)?;
    let step = format!("MAIL FROM:<{from}>");
    let eight_bit = connection
        .server_info()
        .supports_feature(Extension::EightBitMime);
    let parameters = if eight_bit && !message.is_ascii() {
        vec![MailParameter::Body(MailBodyParameter::EightBitMime)]
    } else {
        vec![]
    };
    let said = connection.command(Mail::new(Some(from), parameters));
    let said = within(limit, &step, said).await?;
    said.map_err(|error| Failure::at(step, error))?;
    let mut answers = vec![];
    for recipient in recipients {
        let step = format!("RCPT TO:<{recipient}>");
        let said = connection.command(Rcpt::new(recipient.clone(), vec![]));
        let said = within(limit, &step, said).await?.map(drop);
        match said {
            // Without an answer of the server there is no connection any more.
            Err(error) if error.status().is_none() => return Err(Failure::at(step, error)),
            said => answers.push(Answer {
                recipient: recipient.clone(),
                said,
            }),
        }
    }
    if answers.iter().any(|one| one.said.is_ok()) {
        let said = within(limit, "DATA", connection.command(Data)).await?;
        said.map_err(|error| Failure::at("DATA", error))?;
        let step = "handing over the message";
        let limit = limit.max(tempo.taking);
        let said = within(limit, step, connection.message(message)).await?;
        said.map_err(|error| Failure::at(step, error))?;
    }
    Ok(answers)
}

/// What the answers mean for the parcel.
fn outcome(parcel: &Parcel, answers: Vec<Answer>) -> Outcome {
    let taken = answers.iter().any(|one| one.said.is_ok());
    let mut refused = parcel.refused.clone();
    let mut left: Vec<String> = vec![];
    let mut first: Option<Failure> = None;
    for Answer { recipient, said } in answers {
        let Err(error) = said else {
            continue;
        };
        let failure = Failure::at(format!("RCPT TO:<{recipient}>"), &error);
        if error.is_permanent() {
            refused.push(failure.to_string());
        } else {
            left.push(recipient.to_string());
        }
        first.get_or_insert(failure);
    }
    let Some(failure) = first else {
        let remark = (!refused.is_empty()).then(|| refused.join("; "));
        return Outcome::Delivered { remark };
    };
    let had_before = parcel.left.is_some();
    // Nobody has it: perhaps somebody mends the settings.
    if !taken && !had_before {
        return Outcome::Failed(failure);
    }
    if left.is_empty() {
        let remark = Some(refused.join("; "));
        return Outcome::Delivered { remark };
    }
    Outcome::Partly {
        left,
        refused,
        failure,
    }
}
