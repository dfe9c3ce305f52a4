//! Values in the paths of calls and behind their `?`.

use super::super::{ImportMode, LogFileName, MappingAddress};
use super::Parameter;
use crate::config::limits::SUBJECT_RULES_MAX;
use crate::config::{Alias, ChannelId, ChannelType, Client, ConfirmWithin, ScheduleName};
use crate::host::CookieDomain;
use crate::id::{LocationId, OperatorId, PlanId, RegionHost, SubaccountId};
use crate::schema::schema;

/// The id of a resource as it stands in a path.
struct EncodedId;

schema!(EncodedId = {
    "type": "string",
    "pattern": "^-([^/+]|\\+2B|\\+2D)*$",
});

/// A client and a user as they stand in a path.
struct ClientAndUser;

schema!(ClientAndUser = { "type": "string", "pattern": "^[0-9A-Z]{3}:[^\\u0000-\\u001f\\u007f-\\u009f]{1,48}$" });

/// A type of channels that the cloud side could name targets for.
struct AvailableType;

schema!(AvailableType = { "enum": ["HANA", "VirtualMachine"] });

/// The number of a revision.
struct RevisionNumber;

schema!(RevisionNumber = { "type": "integer", "minimum": 0, "maximum": u64::MAX });

/// The number of an alert.
struct AlertNumber;

schema!(AlertNumber = { "type": "integer", "minimum": 0, "maximum": u64::MAX });

/// The place of a rule.
struct Index;

schema!(Index = { "type": "integer", "minimum": 0, "maximum": SUBJECT_RULES_MAX });

/// How many entries of a list.
struct Limit;

schema!(Limit = { "type": "integer", "minimum": 1, "maximum": LIST_LEN_MAX });

/// How many entries come before a page.
struct Offset;

schema!(Offset = { "type": "integer", "minimum": 0, "maximum": u32::MAX });

/// Most entries of a list.
pub const LIST_LEN_MAX: usize = 1_000;

/// How many entries a list has of which a page is shown, in the answer's head.
pub const TOTAL_COUNT: &str = "underpass-total-count";

/// The variable segments of paths.
pub(super) const SEGMENTS: &[Parameter] = &[
    Parameter::of::<AlertNumber>("alert", "The number of an alert."),
    Parameter::of::<Alias>("alias", "The name of a trusted certificate."),
    Parameter::of::<Alias>("app", "The id of a cloud application."),
    Parameter::of::<AvailableType>("availableType", "A type of service channels."),
    Parameter::of::<ChannelId>("channel", "The number of a service channel."),
    Parameter::of::<ChannelType>("channelType", "The type of a service channel."),
    Parameter::of::<Client>("client", "A client of an ABAP system."),
    Parameter::of::<ClientAndUser>("clientUser", "A client and a user, as client:user."),
    Parameter::of::<u64>("diagnosis", "The id of a diagnosis."),
    Parameter::of::<Alias>("idp", "The id of an identity provider."),
    Parameter::of::<CookieDomain>("internalDomain", "What back ends set."),
    Parameter::of::<LogFileName>("logFile", "The name of a file of the log."),
    Parameter::of::<Alias>("monitoringUser", "The name of a user with a password."),
    Parameter::of::<OperatorId>("operator", "The id of an operator."),
    Parameter::of::<PlanId>("plan", "The id of the plan of a restore."),
    Parameter::of::<Index>("index", "The place of a rule, from 0."),
    Parameter::of::<RegionHost>("regionHost", "The gateway."),
    Parameter::of::<EncodedId>(
        "resource",
        "The id of a resource: its path, with + as +2B, then - as +2D, then / as -.",
    ),
    Parameter::of::<RevisionNumber>("revision", "The number of a revision."),
    Parameter::of::<ScheduleName>("schedule", "The name of a schedule of backups."),
    Parameter::of::<SubaccountId>("subaccount", "The subaccount."),
    Parameter::of::<u64>("trace", "The number of a payload trace."),
    Parameter::of::<MappingAddress>(
        "virtualAddress",
        "Virtual host and port, its name or a range, as host:port, host:sapgw00 or host:low-high.",
    ),
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
/// Of calls that may bring back an older state of the document.
pub(super) const READMIT_OPERATORS: Parameter = Parameter::of::<bool>(
    "readmitOperators",
    "With true, operators who were removed may come back; their certificates then work again.",
);
/// Of lists.
pub(super) const LIMIT: Parameter =
    Parameter::of::<Limit>("limit", "At most so many entries, the newest.");
/// Of lists that are given as a whole without it.
pub(super) const PAGE_LEN: Parameter =
    Parameter::of::<Limit>("limit", "At most so many entries; all of them without it.");
/// See [`PAGE_LEN`].
pub(super) const OFFSET: Parameter =
    Parameter::of::<Offset>("offset", "So many entries are left out at the beginning.");
/// Of every call that changes the configuration.
pub(super) const CONFIRM_WITHIN: Parameter = Parameter::of::<ConfirmWithin>(
    "confirmWithin",
    "The change is taken back after so many seconds unless it is confirmed before; others' writes get 409 meanwhile.",
);
/// Addresses of system mappings.
struct AddressList;

schema!(AddressList = { "type": "string", "minLength": 1 });

/// Of imports.
pub(super) const MODE: Parameter = Parameter::of::<ImportMode>(
    "mode",
    "With merge, what is there stays and what is missing is added; with overwrite it is replaced.",
);
/// Of exports.
pub(super) const ONLY: Parameter = Parameter::of::<AddressList>(
    "only",
    "These mappings alone: virtual addresses as host:port, separated by commas.",
);
/// Of the list of revisions.
pub(super) const OLDER: Parameter = Parameter::of::<RevisionNumber>(
    "before",
    "Revisions with smaller numbers, to go on where a list ended.",
);
/// Of comparisons.
pub(super) const WITH: Parameter = Parameter::of::<RevisionNumber>(
    "with",
    "The revision to compare with; the present one if left out.",
);
