//! Makes certificates of every kind.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use time::OffsetDateTime;

use super::Der;

/// The host that most leaves are for.
pub(super) const HOST: &str = "erp.test";
/// When these tests happen: 2030-01-01.
pub(super) const NOW: i64 = 1_893_456_000;
pub(super) const YEAR: i64 = 365 * 86_400;

pub(super) fn time(at: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(at.try_into().unwrap()))
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

/// Somebody who issues certificates, allowed or not.
pub(super) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    params: CertificateParams,
    pub(super) der: Der,
}

impl Ca {
    pub(super) fn root(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (key, params) = (KeyPair::generate().unwrap(), authority(name, change));
        let der = der(&params.self_signed(&key).unwrap());
        Self::of(params, key, der)
    }

    pub(super) fn ca(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        self.leaf_with_key(authority(name, change))
    }

    pub(super) fn leaf_with_key(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let der = der(&params.signed_by(&key, &self.issuer).unwrap());
        Self::of(params, key, der)
    }

    pub(super) fn issue(&self, params: CertificateParams) -> Der {
        self.leaf_with_key(params).der
    }

    /// A CA certificate that names a host.
    pub(super) fn issue_ca(&self, host: &str) -> Der {
        self.ca(host, |params| name(params, host)).der
    }

    /// Its certificate of the same name and key, with a year to go.
    pub(super) fn renewed(&self) -> Der {
        let mut params = self.params.clone();
        params.not_after = at(NOW + YEAR);
        der(&params.self_signed(self.issuer.key()).unwrap())
    }

    /// Its private key, PKCS#8.
    pub(super) fn key(&self) -> Vec<u8> {
        self.issuer.key().serialize_der()
    }

    fn of(params: CertificateParams, key: KeyPair, der: Der) -> Self {
        Self {
            issuer: Issuer::new(params.clone(), key),
            params,
            der,
        }
    }
}

fn der(certificate: &rcgen::Certificate) -> Der {
    CertificateDer::from(certificate.der().to_vec())
}

fn authority(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = blank(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    change(&mut params);
    params
}

fn blank(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (at(NOW - 5 * YEAR), at(NOW + 50 * YEAR));
    params
}

/// A server certificate as it should be.
pub(super) fn leaf(host: &str) -> CertificateParams {
    let mut params = common_name_only("a server");
    name(&mut params, host);
    params
}

pub(super) fn name(params: &mut CertificateParams, host: &str) {
    params.subject_alt_names = vec![match host.parse() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(host.try_into().unwrap()),
    }];
}

pub(super) fn common_name_only(name: &str) -> CertificateParams {
    let mut params = blank(name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

pub(super) fn self_signed(params: &CertificateParams) -> Der {
    der(&params.self_signed(&KeyPair::generate().unwrap()).unwrap())
}

pub(super) fn valid(mut params: CertificateParams, from: i64, to: i64) -> CertificateParams {
    (params.not_before, params.not_after) = (at(from), at(to));
    params
}

pub(super) fn for_clients(mut params: CertificateParams) -> CertificateParams {
    only_for_clients(&mut params);
    params
}

pub(super) fn for_anything(mut params: CertificateParams) -> CertificateParams {
    params.extended_key_usages = vec![];
    params
}

/// With an extension that nobody knows and that must not be ignored.
pub(super) fn critical(mut params: CertificateParams) -> CertificateParams {
    let mut unknown = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
    unknown.set_criticality(true);
    params.custom_extensions = vec![unknown];
    params
}

pub(super) fn only_for_clients(params: &mut CertificateParams) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
}

/// A leaf that does not say what its key is for.
pub(super) fn any_key_usage(host: &str) -> CertificateParams {
    let mut params = leaf(host);
    params.key_usages = vec![];
    params
}

pub(super) fn may_not_sign(params: &mut CertificateParams) {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
}

pub(super) fn path_len(params: &mut CertificateParams, most: u8) {
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(most));
}

pub(super) fn until(params: &mut CertificateParams, end: i64) {
    params.not_after = at(end);
}

/// Allows names below a domain only.
pub(super) fn permit(params: &mut CertificateParams, domain: &str) {
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(domain.to_owned())],
        excluded_subtrees: vec![],
    });
}
