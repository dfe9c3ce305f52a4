//! What made-up agents have beside subaccounts and mappings: channels, cookie domains, a proxy.

use underpass_shared::config::{
    BackupDestination, BackupDirectory, BackupSchedule, BackupScheduleFields, BackupSchedules,
    BackupUpload, Channel, ChannelConnections, ChannelId, ChannelService, Connector,
    ConnectorFields, CronClock, DeliveryTrust, Document, DomainMapping, InstanceNumber, Invalid,
    Mail, MailFields, Number, Proxy, ProxyFields, Region, ServiceName, SubaccountFields,
    SyslogServer, SyslogTransport, TrustOption, Webhook, WebhookForm,
};
use underpass_shared::id::CredentialId;

use super::document::known;
use super::random::Dice;

/// Domains of cookies, internal and towards the cloud.
const DOMAINS: [(&str, &str); 3] = [
    ("corp.example", "portal.example.com"),
    ("s4h-app01.corp.example", "erp.example.com"),
    ("mes.plant.example", "plant.example.com"),
];

fn named(text: &str) -> Result<ServiceName, Invalid> {
    let wrong = |rule: &str| Invalid::new(text, rule);
    ServiceName::try_from(known::<underpass_shared::config::Text<256>>(text)?).map_err(wrong)
}

fn services(number: u8) -> Result<[(ChannelService, &'static str); 5], Invalid> {
    let instance_number = InstanceNumber::try_from(number)?;
    Ok([
        (
            ChannelService::Hana {
                instance_name: named("hana-analytics")?,
                instance_number,
            },
            "Nightly extraction of the warehouse",
        ),
        (
            ChannelService::K8S {
                cluster: known("cp.kyma.example.com:443")?,
                service: named("orders-db")?,
                port: known(&format!("54{number:02}"))?,
            },
            "Orders of the shop",
        ),
        (
            ChannelService::AbapCloud {
                tenant_host: known("my300471.abap.example.com")?,
                instance_number,
            },
            "RFC to the ABAP environment",
        ),
        (
            ChannelService::VirtualMachine {
                name: named("jump-host")?,
                endpoint_id: named("ep-7f21")?,
                port: known(&format!("22{number:02}"))?,
            },
            "",
        ),
        (
            ChannelService::AbapCloudSnc {
                tenant_host: known("my300471.abap.example.com")?,
                instance_number,
            },
            "RFC with SNC",
        ),
    ])
}

/// The document with more in it.
pub(super) fn furnished(document: &Document, dice: &mut Dice) -> Result<Document, Invalid> {
    let mut next = document.clone();
    let mut id = ChannelId::FIRST;
    for (at, subaccount) in document.subaccounts().iter().enumerate() {
        let mut own = SubaccountFields::clone(subaccount.own());
        let number = u8::try_from(at).unwrap_or_default();
        let mut channels = vec![];
        for (service, comment) in services(number)?
            .into_iter()
            .take(if at == 0 { 5 } else { 2 })
        {
            channels.push(Channel {
                id,
                enabled: dice.below(3) > 0,
                connections: ChannelConnections::try_from(
                    u8::try_from(1 + dice.below(4)).unwrap_or(1),
                )?,
                comment: known(comment)?,
                service,
            });
            id = id.next();
        }
        own.channels = channels.try_into()?;
        let mut domains = vec![];
        for (internal, outside) in DOMAINS.iter().take(3 - at.min(2)) {
            domains.push(DomainMapping {
                virtual_domain: known(outside)?,
                internal_domain: known(internal)?,
            });
        }
        own.domain_mappings = domains.try_into()?;
        next = next.with_subaccount(own)?;
    }
    let mut fields = ConnectorFields::from(Connector::clone(next.connector()));
    fields.proxy = Some(Proxy::try_from(ProxyFields {
        host: known("proxy.corp.example")?,
        port: known("8080")?,
        user: None,
        credential: None,
    })?);
    fields.regions = vec![Region {
        name: known("Europe (Frankfurt)")?,
        region_host: known("connect.eu10.example.com")?,
    }]
    .try_into()?;
    delivery(&mut fields, dice)?;
    fields.backup_schedules = backups()?;
    next.with_connector(fields.try_into()?)
}

/// What is backed up by itself.
fn backups() -> Result<BackupSchedules, Invalid> {
    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let schedule = |name, cron, target| -> Result<BackupSchedule, Invalid> {
        BackupSchedule::try_from(BackupScheduleFields {
            name: known(name)?,
            enabled: true,
            cron: known(cron)?,
            clock: CronClock::Utc,
            recipients: vec![known(KEY)?],
            history: Number::constant(20),
            include_machine: false,
            target,
            wanted_within_hours: Some(Number::constant(36)),
        })
    };
    let folder = BackupDestination::Directory(BackupDirectory {
        path: known("/srv/backups/underpass")?,
        keep: Number::constant(14),
    });
    let address = BackupDestination::Url(BackupUpload {
        url: known("https://nas.corp.example/backups/")?,
        login: None,
        ca: vec![],
        via_proxy: false,
    });
    vec![
        schedule("nightly", "30 2 * * *", folder)?,
        schedule("off-site", "15 3 * * *", address)?,
    ]
    .try_into()
}

/// How alerts reach somebody.
fn delivery(fields: &mut ConnectorFields, dice: &mut Dice) -> Result<(), Invalid> {
    let mut secret = || CredentialId::from_uuid(dice.uuid());
    fields.email = Mail::try_from(MailFields {
        enabled: true,
        trust_option: TrustOption::JdkAndEmailTrustStore,
        send_to: known("sap-basis@corp.example")?,
        send_from: known("underpass@corp.example")?,
        smtp_host: known("mail.corp.example")?,
        smtp_port: Some(known("587")?),
        smtp_username: Some(known("svc-underpass")?),
        credential: Some(secret()),
        ..MailFields::default()
    })?;
    let webhook = |name, form, origin, path, secret| -> Result<Webhook, Invalid> {
        Ok(Webhook {
            name: known(name)?,
            enabled: true,
            form,
            origin: known(origin)?,
            path,
            secret,
            trust: DeliveryTrust::default(),
        })
    };
    let (chat, queue, signs) = (secret(), secret(), secret());
    fields.webhooks = vec![
        webhook(
            "on-call",
            WebhookForm::Slack,
            "https://hooks.chat.example",
            chat,
            None,
        )?,
        Webhook {
            enabled: false,
            ..webhook(
                "event-hub",
                WebhookForm::Json,
                "https://events.corp.example:8443",
                queue,
                Some(signs),
            )?
        },
    ]
    .try_into()?;
    fields.syslog = vec![SyslogServer {
        name: known("siem")?,
        enabled: true,
        host: known("siem.corp.example")?,
        port: None,
        transport: SyslogTransport::Tls,
        facility: Number::constant(16),
        trust: DeliveryTrust::default(),
    }]
    .try_into()?;
    fields.heartbeat.url = Some(known("https://uptime.example/ping/7f21c4")?);
    Ok(())
}
