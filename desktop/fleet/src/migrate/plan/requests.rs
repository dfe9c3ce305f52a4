//! Test requests: what is tried through a target after the cut-over.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use underpass_shared::api::management::MappingAddress;
use underpass_shared::config::{
    Document, Mapping, PortRange, ProtocolFamily, Subaccount, SubaccountKey,
};
use underpass_shared::host::VirtualAddress;

use super::{Assigned, PlanError};

/// Most test requests for one target: a dead system takes ten seconds.
pub const TESTS_MAX: usize = 50;

/// A request that is tried through a target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestRequest {
    /// The subaccount, as the target knows it.
    pub subaccount: SubaccountKey,
    /// The system mapping.
    pub virtual_address: VirtualAddress,
    /// How many ports after that one are its too.
    #[serde(default, skip_serializing_if = "is_zero")]
    further_ports: u16,
    /// What is asked for there; nothing where HTTP is not spoken, or nothing is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(number: &u16) -> bool {
    *number == 0
}

impl TestRequest {
    /// How calls name the system mapping.
    pub fn address(&self) -> MappingAddress {
        let address = &self.virtual_address;
        let ports = PortRange::following(address.port, self.further_ports);
        MappingAddress {
            host: address.host.clone(),
            ports: ports.unwrap_or_else(|| address.port.into()).into(),
        }
    }
}

impl fmt::Display for TestRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.as_deref().unwrap_or_default();
        write!(f, "{}{path}", self.virtual_address)
    }
}

/// A test request as somebody names it: `host:port`, or `host:port/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestWish {
    /// Of which subaccount of the source; of each that has such a mapping where none is named.
    pub subaccount: Option<SubaccountKey>,
    /// The system mapping.
    pub virtual_address: VirtualAddress,
    /// What is asked for there; else the first path that is open.
    pub path: Option<String>,
}

impl FromStr for TestWish {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let (address, path) = match text.find('/') {
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at..)),
            None => (text, None),
        };
        let wrong = |rule: String| PlanError::NoTest(text.to_owned(), rule);
        Ok(Self {
            subaccount: None,
            virtual_address: address
                .parse()
                .map_err(|rule: underpass_shared::host::InvalidAddress| wrong(rule.to_string()))?,
            path: path.map(str::to_owned),
        })
    }
}

/// Which test requests somebody wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TestsWish {
    /// One for each system mapping, up to [`TESTS_MAX`].
    #[default]
    Each,
    /// These; none where it is empty.
    Named(Vec<TestWish>),
}

/// The first path that is open, where HTTP is spoken.
pub fn open_path(mapping: &Mapping) -> Option<String> {
    if mapping.protocol.family() != ProtocolFamily::Http {
        return None;
    }
    let mut open = mapping.resources.iter().filter(|one| one.enabled);
    open.next().map(|one| one.path.to_string())
}

fn request(to: &SubaccountKey, mapping: &Mapping) -> TestRequest {
    TestRequest {
        subaccount: to.clone(),
        virtual_address: mapping.virtual_address.clone(),
        further_ports: mapping.further_ports,
        path: open_path(mapping),
    }
}

/// One request for each system mapping of some subaccounts, and how many there would be in all.
pub fn each<'a>(
    subaccounts: impl Iterator<Item = (&'a SubaccountKey, &'a Subaccount)>,
) -> (Vec<TestRequest>, usize) {
    let all = subaccounts.flat_map(|(to, one)| {
        let mappings = one.mappings().iter();
        mappings.map(move |mapping| request(to, mapping))
    });
    let mut all: Vec<TestRequest> = all.collect();
    let count = all.len();
    all.truncate(TESTS_MAX);
    (all, count)
}

/// The requests of a wish, and what somebody should know of them.
pub(super) fn requests(
    wish: &TestsWish,
    document: &Document,
    subaccounts: &[Assigned],
) -> Result<(Vec<TestRequest>, Option<String>), PlanError> {
    let named = match wish {
        TestsWish::Named(named) => named,
        TestsWish::Each => {
            // What has no tunnel serves nobody, before and after.
            let served = subaccounts.iter().filter(|one| one.connected);
            let served =
                served.filter_map(|one| Some((&one.to, &**document.subaccount(&one.from)?)));
            let (requests, count) = each(served);
            let warning = (count > requests.len()).then(|| {
                format!(
                    "only {TESTS_MAX} of {count} system mappings are tried after the cut-over; name \
                     others as test requests where they matter more"
                )
            });
            return Ok((requests, warning));
        }
    };
    if named.len() > TESTS_MAX {
        return Err(PlanError::TooManyTests);
    }
    let mut requests = vec![];
    for one in named {
        let before = requests.len();
        let meant = subaccounts.iter().filter(|assigned| {
            let subaccount = one.subaccount.as_ref();
            subaccount.is_none_or(|key| *key == assigned.from)
        });
        for assigned in meant {
            requests.extend(found(one, document, assigned)?);
        }
        if requests.len() == before {
            let rule = "no subaccount that goes to the target has such a system mapping";
            return Err(PlanError::NoTest(
                one.virtual_address.to_string(),
                rule.to_owned(),
            ));
        }
        if requests.len() > TESTS_MAX {
            return Err(PlanError::TooManyTests);
        }
    }
    Ok((requests, None))
}

fn found(
    wish: &TestWish,
    document: &Document,
    assigned: &Assigned,
) -> Result<Option<TestRequest>, PlanError> {
    let address = &wish.virtual_address;
    let subaccount = document.subaccount(&assigned.from);
    let mapping = subaccount.and_then(|one| one.mapping(address.host.as_str(), address.port.get()));
    let Some(mapping) = mapping else {
        return Ok(None);
    };
    let mut request = request(&assigned.to, mapping);
    if let Some(path) = &wish.path {
        if mapping.protocol.family() != ProtocolFamily::Http {
            let rule = "a path can only be asked for where HTTP is spoken; leave it out";
            return Err(PlanError::NoTest(address.to_string(), rule.to_owned()));
        }
        if !path.starts_with('/') {
            let rule = "the path must begin with a slash";
            return Err(PlanError::NoTest(address.to_string(), rule.to_owned()));
        }
        request.path = Some(path.clone());
    }
    Ok(Some(request))
}
