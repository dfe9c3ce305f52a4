//! The fields of a mapping as they are typed, and what they mean.

use std::fmt::Display;
use std::str::FromStr;

use underpass_shared::config::{
    AuthenticationMode, BackendType, Client, ClientUser, HostInHeader, Invalid, Mapping,
    MappingFields, PathOptions, PortName, Protocol, ProtocolFamily, RfcOptions,
};
use underpass_shared::host::{InternalAddress, InternalHost, Port, VirtualAddress};

use super::words::{modes, protocols, sentence};

/// A mapping without its virtual address and its resources, as it is typed.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) backend: BackendType,
    pub(super) protocol: Protocol,
    pub(super) host: String,
    /// A number, or for RFC a name such as `sapgw00`.
    pub(super) port: String,
    /// How the virtual port is written, where it is by name.
    virtual_port: Option<PortName>,
    pub(super) last_port: String,
    pub(super) mode: AuthenticationMode,
    pub(super) host_in_header: HostInHeader,
    pub(super) paths: PathOptions,
    pub(super) by_common_name: bool,
    pub(super) sap_router: String,
    pub(super) snc_partner: String,
    pub(super) clients: String,
    pub(super) blocked: String,
    pub(super) system_id: String,
    pub(super) description: String,
}

/// Rules that are broken, each with its field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults(Vec<Invalid>);

impl Faults {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, field: &str, rule: impl Display) {
        self.0.push(Invalid::new(field, rule.to_string()));
    }

    /// What is wrong with a field.
    pub(super) fn of(&self, field: &str) -> Option<String> {
        let found = self.0.iter().find(|one| one.field == field);
        found.map(|one| sentence(&one.rule))
    }

    /// What is wrong with none of the fields that are shown.
    pub(super) fn beside(&self, shown: &[&str]) -> Option<String> {
        let found = self
            .0
            .iter()
            .find(|one| !shown.contains(&one.field.as_str()));
        found.map(|one| sentence(&one.rule))
    }

    /// The first that is wrong.
    pub(super) fn first(&self) -> Option<String> {
        self.0.first().map(|one| sentence(&one.rule))
    }

    /// These and others.
    pub(super) fn with(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Reads one field.
    pub(super) fn read<T>(&mut self, field: &str, text: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        match text.trim().parse() {
            Ok(value) => Some(value),
            Err(rule) => {
                self.add(field, rule);
                None
            }
        }
    }

    /// Reads entries that stand apart by commas, spaces or lines.
    fn list<T>(&mut self, field: &str, text: &str) -> Vec<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let parts = text
            .split([',', ' ', '\n'])
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let parts: Vec<&str> = parts.collect();
        parts
            .into_iter()
            .filter_map(|part| self.read(field, part))
            .collect()
    }
}

impl From<Invalid> for Faults {
    fn from(rule: Invalid) -> Self {
        Self(vec![rule])
    }
}

fn joined<T: ToString>(list: &[T]) -> String {
    let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

impl Form {
    /// An empty one for a type of back end, with what most systems of it have.
    pub(super) fn empty(backend: BackendType, protocol: Protocol) -> Self {
        Self {
            backend,
            protocol,
            host: String::new(),
            port: super::words::port(protocol).to_owned(),
            virtual_port: None,
            last_port: String::new(),
            mode: AuthenticationMode::None,
            host_in_header: HostInHeader::Virtual,
            paths: PathOptions::STRICT,
            by_common_name: false,
            sap_router: String::new(),
            snc_partner: String::new(),
            clients: String::new(),
            blocked: String::new(),
            system_id: String::new(),
            description: String::new(),
        }
    }

    /// That of a mapping.
    pub(super) fn of(fields: &MappingFields) -> Self {
        let rfc = fields.rfc_options.as_deref().cloned().unwrap_or_default();
        let last = fields
            .internal_address
            .port
            .get()
            .saturating_add(fields.further_ports);
        Self {
            backend: fields.backend_type,
            protocol: fields.protocol,
            host: fields.internal_address.host.to_string(),
            port: rfc.internal_port_name.map_or_else(
                || fields.internal_address.port.get().to_string(),
                |name| name.to_string(),
            ),
            virtual_port: rfc.virtual_port_name,
            last_port: if fields.further_ports > 0 {
                last.to_string()
            } else {
                String::new()
            },
            mode: fields.authentication_mode,
            host_in_header: fields.host_in_header,
            paths: fields.path_options,
            by_common_name: fields.certificate_name_by_common_name,
            sap_router: rfc.sap_router.to_string(),
            snc_partner: rfc.snc_partner_name.to_string(),
            clients: joined(&rfc.allowed_clients),
            blocked: joined(&rfc.blocked_users),
            system_id: fields.system_id.to_string(),
            description: fields.description.to_string(),
        }
    }

    /// With the virtual port written as it was typed, where that is a name.
    pub(super) fn with_virtual_port(self, typed: &str) -> Self {
        Self {
            virtual_port: typed.trim().parse().ok(),
            ..self
        }
    }

    /// Leaves what the type and the protocol no longer allow.
    pub(super) fn fit(&mut self) {
        let known = protocols(self.backend);
        if !known.contains(&self.protocol) {
            self.protocol = known.first().copied().unwrap_or(Protocol::Https);
        }
        let family = self.protocol.family();
        if !modes(self.backend, self.protocol).contains(&self.mode) {
            self.mode = AuthenticationMode::None;
        }
        if family != ProtocolFamily::Http {
            self.paths = PathOptions::STRICT;
            self.host_in_header = HostInHeader::Virtual;
        }
        if !matches!(self.backend, BackendType::Abap | BackendType::Gateway) {
            self.paths.bsp_mangling = false;
        }
        if family != ProtocolFamily::Tcp {
            self.last_port.clear();
        }
        if family != ProtocolFamily::Rfc {
            for text in [
                &mut self.sap_router,
                &mut self.snc_partner,
                &mut self.clients,
                &mut self.blocked,
            ] {
                text.clear();
            }
        }
        if self.protocol != Protocol::Rfcs {
            self.snc_partner.clear();
        }
        self.by_common_name &= self.protocol.uses_tls();
    }

    /// What it means, at a virtual address and without resources.
    pub(super) fn read(&self, address: &VirtualAddress) -> Result<MappingFields, Faults> {
        let mut faults = Faults::default();
        let host = faults.read::<InternalHost>("host", &self.host);
        let named = self.port.trim().parse::<PortName>().ok();
        let port = match named {
            Some(name) if self.protocol.family() == ProtocolFamily::Rfc => name.port(),
            Some(_) | None => faults.read::<Port>("port", &self.port),
        };
        let last = match self.last_port.trim() {
            "" => port,
            text => faults.read::<Port>("furtherPorts", text),
        };
        let system_id = faults.read("systemId", &self.system_id);
        let description = faults.read("description", &self.description);
        let rfc = self.rfc(named, &mut faults);
        let (Some(host), Some(port), Some(last), Some(system_id), Some(description), Some(rfc)) =
            (host, port, last, system_id, description, rfc)
        else {
            return Err(faults);
        };
        let Some(further_ports) = last.get().checked_sub(port.get()) else {
            faults.add(
                "furtherPorts",
                "the last port must not be smaller than the first",
            );
            return Err(faults);
        };
        let internal = InternalAddress { host, port };
        let closed = MappingFields::closed(address.clone(), internal, self.protocol, self.backend);
        let fields = MappingFields {
            further_ports,
            authentication_mode: self.mode,
            host_in_header: self.host_in_header,
            path_options: self.paths,
            certificate_name_by_common_name: self.by_common_name,
            rfc_options: Some(Box::new(rfc)),
            system_id,
            description,
            ..closed
        };
        let fields = if self.protocol.family() == ProtocolFamily::Rfc {
            fields
        } else {
            MappingFields {
                rfc_options: None,
                ..fields
            }
        };
        match Mapping::try_from(fields) {
            Ok(mapping) if faults.is_empty() => Ok(mapping.into()),
            Ok(_) => Err(faults),
            Err(rule) => {
                faults.0.push(rule);
                Err(faults)
            }
        }
    }

    fn rfc(&self, named: Option<PortName>, faults: &mut Faults) -> Option<RfcOptions> {
        let allowed_clients = faults.list::<Client>("rfcOptions.allowedClients", &self.clients);
        let blocked_users = faults.list::<ClientUser>("rfcOptions.blockedUsers", &self.blocked);
        let sap_router = faults.read("rfcOptions.sapRouter", &self.sap_router)?;
        let snc_partner_name = faults.read("rfcOptions.sncPartnerName", &self.snc_partner)?;
        Some(RfcOptions {
            virtual_port_name: self.virtual_port,
            internal_port_name: named,
            sap_router,
            snc_partner_name,
            allowed_clients,
            blocked_users,
        })
    }
}

/// Gives a mapping the settings of another; its address, its resources and its age stay.
pub(super) fn take(fields: &mut MappingFields, settings: &MappingFields) {
    let resources = std::mem::take(&mut fields.resources);
    let own = fields.rfc_options.as_deref();
    let written = own.and_then(|rfc| rfc.virtual_port_name);
    let mut taken = settings.clone();
    if let Some(rfc) = &mut taken.rfc_options {
        // Of another port it would be no name.
        rfc.virtual_port_name = written.filter(|name| name.fits(settings.protocol));
    }
    *fields = MappingFields {
        virtual_address: fields.virtual_address.clone(),
        creation_date: fields.creation_date,
        resources,
        ..taken
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> VirtualAddress {
        "erp:443".parse().unwrap()
    }

    fn typed() -> Form {
        let mut form = Form::empty(BackendType::Abap, Protocol::Rfcs);
        form.host = "erp01.corp".to_owned();
        form.snc_partner = "p:CN=ERP".to_owned();
        form.clients = "100, 200\n300".to_owned();
        form.blocked = "100:DDIC".to_owned();
        form
    }

    #[test]
    fn a_form_means_what_it_was_made_of() {
        let fields = typed().read(&address()).unwrap();
        assert_eq!(
            fields.rfc_options.as_ref().unwrap().allowed_clients.len(),
            3
        );
        assert_eq!(Form::of(&fields).read(&address()).unwrap(), fields);
    }

    #[test]
    fn ports_of_rfc_may_be_typed_by_name() {
        let mut form = typed().with_virtual_port("sapgw00s");
        form.port = "sapmsERP".to_owned();
        let address = "erp:4800".parse().unwrap();
        let fields = form.read(&address).unwrap();
        assert_eq!(fields.internal_address.port.get(), 3_600);
        let again = Form::of(&fields);
        assert_eq!(again.port, "sapmsERP");
        assert_eq!(again.read(&address).unwrap(), fields);
        form.protocol = Protocol::Https;
        form.fit();
        assert!(form.read(&address).unwrap_err().of("port").is_some());
    }

    #[test]
    fn every_wrong_field_is_told_at_once() {
        let mut form = typed();
        form.host = "a b".to_owned();
        form.port = "70000".to_owned();
        form.clients = "1".to_owned();
        form.system_id = "x".repeat(40);
        let faults = form.read(&address()).unwrap_err();
        for field in ["host", "port", "rfcOptions.allowedClients", "systemId"] {
            assert!(faults.of(field).is_some(), "{field}: {faults:?}");
        }
        assert!(
            faults
                .of("port")
                .unwrap()
                .starts_with("Port must be a number")
        );
        assert_eq!(faults.of("description"), None);
    }

    #[test]
    fn another_type_leaves_what_it_does_not_have() {
        let mut form = typed();
        form.backend = BackendType::Java;
        form.fit();
        assert_eq!(form.protocol, Protocol::Https);
        assert!(form.read(&address()).unwrap().rfc_options.is_none());
        let mut form = typed();
        form.protocol = Protocol::Tcp;
        form.last_port = "3310".to_owned();
        form.port = "3300".to_owned();
        form.fit();
        assert_eq!(form.read(&address()).unwrap().further_ports, 10);
        form.last_port = "1".to_owned();
        assert!(
            form.read(&address())
                .unwrap_err()
                .of("furtherPorts")
                .is_some()
        );
    }
}
