//! Documents of the made-up agents. They are made by the same rules as real ones.

use underpass_shared::config::{
    Alias, BackendTrust, BackendType, Connector, ConnectorFields, Document, IdentityProvider,
    IdentityTrust, Invalid, Mapping, MappingFields, Operator, Operators, Protocol, Resource,
    SubaccountFields, SubaccountKey, TrustedApp, TrustedCertificate,
};
use underpass_shared::id::{CredentialId, InstanceId, OperatorId, RegionHost, SubaccountId};
use underpass_shared::rights::Role;

use super::cast::{APPS, PATHS, PEOPLE, PROVIDERS, SYSTEMS, System, TENANTS, Trouble};
use super::certificates;
use super::random::Dice;

const CA: &str = include_str!("ca.pem");

/// A value that is written down in this program.
pub(super) fn known<T: std::str::FromStr>(text: &str) -> Result<T, Invalid>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| Invalid::new(text, error.to_string()))
}

/// The document of an agent.
pub(super) fn document(
    dice: &mut Dice,
    gateway: &str,
    trouble: Trouble,
    now_ms: i64,
) -> Result<Document, Invalid> {
    let mut document = Document::empty().with_connector(connector(dice, trouble, now_ms)?)?;
    for _subaccount in 0..1 + dice.below(3) {
        let own = subaccount(dice, gateway)?;
        let key = own.key.clone();
        document = document.with_subaccount(own)?;
        for _mapping in 0..3 + dice.below(7) {
            document = document.with_mapping(key.clone(), mapping(dice)?)?;
        }
    }
    Ok(document)
}

fn connector(dice: &mut Dice, trouble: Trouble, now_ms: i64) -> Result<Connector, Invalid> {
    let roles = [
        Role::Administrator,
        Role::SubaccountAdministrator,
        Role::Support,
        Role::Display,
    ];
    let mut operators = vec![];
    for (name, role) in PEOPLE.iter().zip(roles) {
        operators.push(Operator {
            id: OperatorId::from_uuid(dice.uuid()),
            name: known(name)?,
            role,
            created_ms: now_ms - 86_400_000 * i64::from(10 + dice.below(300)),
            comment: known("")?,
        });
    }
    let root = TrustedCertificate {
        alias: known::<Alias>("contoso-root")?,
        certificate: known(CA)?,
    };
    ConnectorFields {
        description: Some(known("Made up, to try the program out")?),
        operators: Operators::try_from(operators)?,
        backend_trust: BackendTrust::new(false, vec![root])?,
        certificates: certificates::own(dice, trouble, now_ms)?,
        allowed_targets: vec![known("127.0.0.1:8080")?],
        ..ConnectorFields::default()
    }
    .try_into()
}

fn subaccount(dice: &mut Dice, gateway: &str) -> Result<SubaccountFields, Invalid> {
    let key = SubaccountKey {
        region_host: known::<RegionHost>(gateway)?,
        subaccount: SubaccountId::from_uuid(dice.uuid()),
        location_id: known(dice.one_of(&["", "", "plant-a", "dc2"]))?,
    };
    let instance = InstanceId::from_uuid(dice.uuid());
    let credential = CredentialId::from_uuid(dice.uuid());
    Ok(SubaccountFields {
        display_name: known(dice.one_of(&TENANTS))?,
        identity_trust: identity_trust()?,
        ..SubaccountFields::enrolled(key, instance, credential)
    })
}

/// Whose word on users a subaccount takes.
fn identity_trust() -> Result<IdentityTrust, Invalid> {
    let provider = |(id, name, enabled): &(&str, &str, bool)| -> Result<_, Invalid> {
        Ok(IdentityProvider {
            id: known(id)?,
            name: known(name)?,
            description: known("")?,
            certificate: None,
            enabled: *enabled,
        })
    };
    let app = |(id, enabled): &(&str, bool)| -> Result<_, Invalid> {
        Ok(TrustedApp {
            id: known(id)?,
            name: known(id)?,
            application_type: known("JAVA")?,
            enabled: *enabled,
        })
    };
    let providers: Result<Vec<_>, _> = PROVIDERS.iter().map(provider).collect();
    let apps: Result<Vec<_>, _> = APPS.iter().map(app).collect();
    IdentityTrust::new(false, providers?, apps?)
}

fn mapping(dice: &mut Dice) -> Result<Mapping, Invalid> {
    let (virtual_address, internal, system) = dice.one_of(&SYSTEMS);
    let (protocol, backend) = match system {
        System::Abap => (Protocol::Https, BackendType::Abap),
        System::Gateway => (Protocol::Https, BackendType::Gateway),
        System::Java => (Protocol::Https, BackendType::Java),
        System::Rfc => (Protocol::Rfc, BackendType::Abap),
        System::Tcp => (Protocol::Tcp, BackendType::NonSap),
        System::Ldap => (Protocol::Ldaps, BackendType::NonSap),
        System::Https => (Protocol::Https, BackendType::NonSap),
        System::Http => (Protocol::Http, BackendType::NonSap),
    };
    let mut resources: Vec<Resource> = vec![];
    if matches!(protocol, Protocol::Http | Protocol::Https) {
        for _path in 0..1 + dice.below(4) {
            let resource = Resource {
                enabled: dice.below(8) > 0,
                ..Resource::closed(known(dice.one_of(&PATHS))?)
            };
            if resources.iter().all(|one| one.path != resource.path) {
                resources.push(resource);
            }
        }
    }
    let fields =
        MappingFields::closed(known(virtual_address)?, known(internal)?, protocol, backend);
    Mapping::try_from(MappingFields {
        resources,
        ..fields
    })
}
