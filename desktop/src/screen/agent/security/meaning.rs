//! What the checks mean, and which screen fixes what.

use crate::nav::AgentTab;

/// What a check means.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meaning {
    /// Its name for people.
    pub(super) title: &'static str,
    /// Why it matters.
    pub(super) why: &'static str,
    /// The screen that fixes it, and what the way there says; nothing where the host has to be
    /// changed.
    pub(super) fix: Option<(AgentTab, &'static str)>,
}

const fn of(
    title: &'static str,
    why: &'static str,
    fix: Option<(AgentTab, &'static str)>,
) -> Meaning {
    Meaning { title, why, fix }
}

/// What a check means, by the name that the agent gives it.
pub(super) fn meaning(id: &str) -> Meaning {
    let mappings = Some((AgentTab::AccessControl, "Open access control"));
    let settings = Some((AgentTab::Settings, "Open settings"));
    match id {
        "backendTrust" => of(
            "Trust in back ends",
            "Whoever stands between the agent and a back end could take its place and read everything.",
            Some((AgentTab::Trust, "Open trust & certificates")),
        ),
        "allowedTargets" => of(
            "Guarded addresses",
            "Addresses of the host itself and of metadata services are guarded, because they often trust whoever calls them.",
            settings,
        ),
        "auditLevel" => of(
            "Audit of denied requests",
            "Without these records nobody sees who tries doors.",
            settings,
        ),
        "plainBackends" => of(
            "Encryption to back ends",
            "What passes between the agent and these systems can be read and changed on the way.",
            mappings,
        ),
        "commonNames" => of(
            "Names of back ends",
            "Common names were given without rules; two systems may share one.",
            mappings,
        ),
        "wholeSystems" => of(
            "Systems that are open as a whole",
            "Cloud applications can also call what nobody thought of, such as administration pages.",
            mappings,
        ),
        "riskyPrefixes" => of(
            "Matching of paths",
            "A resource /api also opens /api-internal.",
            mappings,
        ),
        "notEffective" => of(
            "Mappings without effect",
            "Who reads the configuration believes that they work.",
            mappings,
        ),
        other => of_host(other),
    }
}

/// What a check of the agent's own doors and of its host means.
fn of_host(id: &str) -> Meaning {
    let operators = Some((AgentTab::Operators, "Open operators"));
    match id {
        "managementTls12" => of(
            "Protocol of the management API",
            "TLS 1.2 allows weaker ciphers and shows certificates in the clear. This is changed where the agent is started.",
            None,
        ),
        "serverCertificate" => of(
            "Certificate of the management API",
            "By it programs and browsers know that they speak to this agent.",
            Some((AgentTab::Trust, "Open trust & certificates")),
        ),
        "monitoringUsers" => of(
            "Users with a password",
            "Passwords can be guessed, shared and read; certificates cannot.",
            operators,
        ),
        "organisation" => of(
            "Certificates of your organisation",
            "Whoever gets a certificate of these CAs may be let in.",
            operators,
        ),
        "dataKey" => of(
            "Key of the secrets",
            "Who copies the data directory gets the key with it. This is changed on the agent's host.",
            None,
        ),
        "serviceUser" => of(
            "User of the service",
            "A flaw in the agent would be a flaw of the whole host. This is changed on the agent's host.",
            None,
        ),
        _ => Meaning::default(),
    }
}
