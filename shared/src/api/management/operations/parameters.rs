//! Values in the paths of calls and behind their `?`.

use super::Parameter;
use crate::config::Alias;
use crate::host::VirtualAddress;
use crate::id::{LocationId, RegionHost, SubaccountId};
use crate::schema::schema;

/// The id of a resource as it stands in a path.
struct EncodedId;

schema!(EncodedId = {
    "type": "string",
    "pattern": "^-([^/+]|\\+2B|\\+2D)*$",
});

/// The number of a revision.
struct RevisionNumber;

schema!(RevisionNumber = { "type": "integer", "minimum": 0, "maximum": u64::MAX });

/// How many entries of a list.
struct Limit;

schema!(Limit = { "type": "integer", "minimum": 1, "maximum": LIST_LEN_MAX });

/// Most entries of a list.
pub const LIST_LEN_MAX: usize = 1_000;

/// The variable segments of paths.
pub(super) const SEGMENTS: &[Parameter] = &[
    Parameter::of::<Alias>("alias", "The name of a trusted certificate."),
    Parameter::of::<RegionHost>("regionHost", "The gateway."),
    Parameter::of::<EncodedId>(
        "resource",
        "The id of a resource: its path, with + as +2B, then - as +2D, then / as -.",
    ),
    Parameter::of::<RevisionNumber>("revision", "The number of a revision."),
    Parameter::of::<SubaccountId>("subaccount", "The subaccount."),
    Parameter::of::<VirtualAddress>("virtualAddress", "Virtual host and port, as host:port."),
];

/// Of every call on one subaccount.
pub(super) const LOCATION_ID: Parameter = Parameter::of::<LocationId>(
    "locationID",
    "Which of several enrolments of the subaccount is meant; needed where there are several.",
);
/// Of every call that changes the configuration.
pub(super) const DRY_RUN: Parameter = Parameter::of::<bool>(
    "dryRun",
    "With true, nothing is changed; the answer is 200 with what would change.",
);
/// Of lists.
pub(super) const LIMIT: Parameter =
    Parameter::of::<Limit>("limit", "At most so many entries, the newest.");
