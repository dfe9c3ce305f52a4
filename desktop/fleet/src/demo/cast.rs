//! Who plays: names, places and troubles of the made-up agents.

/// Groups with the hosts' prefix and their number of agents.
pub(super) const GROUPS: [(&str, &str, usize); 5] = [
    ("Production Europe", "eu-prd", 14),
    ("Production Americas", "us-prd", 12),
    ("Production Asia", "ap-prd", 8),
    ("Quality", "qas", 9),
    ("Development", "dev", 7),
];

/// Words that agents have.
pub(super) const TAGS: [&str; 6] = ["s4hana", "pci", "plant", "finance", "dr", "edge"];

/// Gateways by group.
pub(super) const GATEWAYS: [&str; 5] = [
    "connect.eu10.example.com",
    "connect.us10.example.com",
    "connect.ap11.example.com",
    "connect.eu10-canary.example.com",
    "connect.dev.example.com:8443",
];

/// Subaccounts by name.
pub(super) const TENANTS: [&str; 8] = [
    "Integration Suite",
    "Fiori Launchpad",
    "Supplier Portal",
    "Analytics",
    "Field Service",
    "Warehouse",
    "Payments",
    "Sandbox",
];

/// Back ends: virtual host and port, internal host and port, protocol, type, description.
pub(super) const SYSTEMS: [(&str, &str, System); 12] = [
    ("s4h-prd:443", "s4h-app01.corp.example:44300", System::Abap),
    ("ecc-prd:443", "ecc-web.corp.example:8443", System::Abap),
    ("bw-prd:443", "bw4-ci.corp.example:44301", System::Abap),
    ("fiori-gw:443", "fgw01.corp.example:44302", System::Gateway),
    ("po-prd:50001", "po-ci.corp.example:50001", System::Java),
    ("s4h-rfc:3300", "s4h-app01.corp.example:3300", System::Rfc),
    (
        "hana-prd:30015",
        "hana-db01.corp.example:30015",
        System::Tcp,
    ),
    ("ldap-corp:636", "dc01.corp.example:636", System::Ldap),
    ("mes-api:443", "mes.plant.example:9443", System::Https),
    ("scada-hist:80", "10.20.4.17:8080", System::Http),
    ("gitlab:443", "gitlab.corp.example:443", System::Https),
    ("sftp-bank:22", "sftp-dmz.corp.example:22", System::Tcp),
];

/// What kind a back end is of.
#[derive(Clone, Copy, Debug)]
pub(super) enum System {
    Abap,
    Gateway,
    Java,
    Rfc,
    Tcp,
    Ldap,
    Https,
    Http,
}

/// Paths that are open.
pub(super) const PATHS: [&str; 8] = [
    "/sap/opu/odata/sap/API_BUSINESS_PARTNER",
    "/sap/opu/odata/sap/API_SALES_ORDER_SRV",
    "/sap/opu/odata4",
    "/sap/bc/soap/wsdl",
    "/sap/bc/ui5_ui5",
    "/api/v1/orders",
    "/api/v1/health",
    "/ws",
];

/// Identity providers: id, name, and whether their word is taken.
pub(super) const PROVIDERS: [(&str, &str, bool); 2] = [
    ("corporate-ias", "Corporate identity provider", true),
    ("partner-ias", "Identity provider of partners", false),
];

/// Cloud applications, and whether their word is taken.
pub(super) const APPS: [(&str, bool); 2] = [("orders-api", true), ("fiori-portal", false)];

/// Who changes things.
pub(super) const PEOPLE: [&str; 6] = [
    "a.lindgren",
    "m.okafor",
    "j.weber",
    "s.tanaka",
    "ci-deploy",
    "r.mendes",
];

/// What is wrong with an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Nothing,
    /// One of its tunnels is down.
    TunnelDown,
    /// All of them are.
    AllDown,
    /// It lets nothing through.
    Blocked,
    /// A certificate ends in so many days.
    Expiring(i64),
    /// Something weakens it.
    Weak,
    /// Changes of somebody wait for their confirmation.
    OnTrial,
    /// It does not answer.
    Away,
    /// It no longer knows us.
    Refused,
    /// Somebody else answers.
    KeyChanged,
}

/// What is wrong with which agent, by its number.
pub(super) const fn trouble(number: usize) -> Trouble {
    match number {
        2 => Trouble::TunnelDown,
        5 => Trouble::Expiring(5),
        9 => Trouble::OnTrial,
        11 => Trouble::Weak,
        16 => Trouble::AllDown,
        19 => Trouble::Away,
        22 => Trouble::Expiring(21),
        28 => Trouble::KeyChanged,
        31 => Trouble::Expiring(-2),
        36 => Trouble::Weak,
        38 => Trouble::Away,
        41 => Trouble::Blocked,
        46 => Trouble::Refused,
        _ => Trouble::Nothing,
    }
}
