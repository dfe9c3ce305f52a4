//! Limits of the document. Each keeps one mistake or one script from making it unusable.

/// Subaccounts per agent.
pub const SUBACCOUNTS_MAX: usize = 1_000;
/// System mappings per subaccount.
pub const MAPPINGS_MAX: usize = 20_000;
/// Domain mappings for cookies per subaccount.
pub const DOMAIN_MAPPINGS_MAX: usize = 500;
/// Resources per system mapping.
pub const RESOURCES_MAX: usize = 2_000;
/// Bytes of a resource's path; also bounds the work of matching a request's path.
pub const RESOURCE_PATH_LEN_MAX: usize = 1_024;
/// Characters of a description.
pub const DESCRIPTION_LEN_MAX: usize = 1_024;
/// Characters of a display name.
pub const DISPLAY_NAME_LEN_MAX: usize = 256;
/// Characters of the id that a system has in the customer's landscape; SAP's have three.
pub const SYSTEM_ID_LEN_MAX: usize = 32;
/// Characters of a route string, which may have several hops.
pub const SAP_ROUTER_LEN_MAX: usize = 1_024;
/// Characters of an SNC name, a distinguished name with a prefix.
pub const SNC_NAME_LEN_MAX: usize = 512;
/// Clients that a mapping allows; as many as there are of three digits.
pub const ALLOWED_CLIENTS_MAX: usize = 1_000;
/// Users that a mapping blocks.
pub const BLOCKED_USERS_MAX: usize = 1_000;
/// Characters of the name of an ABAP system's user; the systems themselves take twelve characters.
pub const SAP_USER_LEN_MAX: usize = 48;
/// Service channels of a subaccount; each takes a local port of its own.
pub const CHANNELS_MAX: usize = 500;
/// Connections of a service channel, each a stream through the tunnel.
pub const CHANNEL_CONNECTIONS_MAX: u8 = 100;
/// Characters of the name of what a service channel leads to.
pub const SERVICE_NAME_LEN_MAX: usize = 256;
/// Identity providers, and cloud applications, that a subaccount lists.
pub const IDENTITY_SOURCES_MAX: usize = 100;
/// Entries of the list of allowed targets.
pub const ALLOWED_TARGETS_MAX: usize = 256;
/// Certificates of the back ends' trust store; each is tried against every new back-end certificate.
pub const TRUSTED_CERTIFICATES_MAX: usize = 256;
/// Bytes (DER) of a trusted certificate; real ones have one or two thousand.
pub const CERTIFICATE_LEN_MAX: usize = 16 * 1_024;
/// Certificates of one of the agent's own chains; real ones have three or four.
pub const CHAIN_LEN_MAX: usize = 10;
/// Characters of the name of a trusted certificate.
pub const ALIAS_LEN_MAX: usize = 128;
/// Characters of the user name for a proxy.
pub const PROXY_USER_LEN_MAX: usize = 256;
/// Operators of an agent.
pub const OPERATORS_MAX: usize = 256;
/// Bytes of an operator's name.
pub const OPERATOR_NAME_LEN_MAX: usize = 128;
/// Bytes of a comment to an operator.
pub const COMMENT_LEN_MAX: usize = 512;
/// Characters of the user that scripts send beside an enrolment token.
pub const CLOUD_USER_LEN_MAX: usize = 256;
/// Tunnel connections per subaccount, and how many a new agent opens.
pub const TUNNEL_CONNECTIONS_MAX: u8 = 16;
/// See [`TUNNEL_CONNECTIONS_MAX`].
pub const TUNNEL_CONNECTIONS_DEFAULT: u8 = 2;
/// Characters of a revision's author.
pub const AUTHOR_LEN_MAX: usize = 256;
/// Characters of a revision's reason.
pub const REASON_LEN_MAX: usize = 1_024;
/// Revisions on trial at a time: fewer than history keeps for sure, since all must be taken back.
pub const TRIAL_REVISIONS_MAX: u64 = 500;
/// Rules that give users their subjects; each is tried for each new user.
pub const SUBJECT_RULES_MAX: usize = 100;
/// Bytes of the pattern of one part of a subject.
pub const SUBJECT_PATTERN_LEN_MAX: usize = 512;
/// Characters of the name of a token's attribute; some are whole URLs.
pub const VARIABLE_LEN_MAX: usize = 256;
/// Bytes that an attribute is compared with.
pub const CONDITION_VALUE_LEN_MAX: usize = 1_024;
/// Addresses of one list of recipients.
pub const RECIPIENTS_MAX: usize = 64;
/// Bytes of a list of recipients.
pub const MAIL_ADDRESSES_LEN_MAX: usize = 4_096;
/// Bytes of the user name for a mail server.
pub const MAIL_USER_LEN_MAX: usize = 256;
/// Further settings of the mail library.
pub const MAIL_PROPERTIES_MAX: usize = 64;
/// Bytes of the name of such a setting.
pub const MAIL_PROPERTY_NAME_LEN_MAX: usize = 128;
/// Bytes of its value.
pub const MAIL_PROPERTY_LEN_MAX: usize = 1_024;
/// Webhooks; alerts reach people by a few of them.
pub const WEBHOOKS_MAX: usize = 8;
/// Bytes of the URL of a webhook; the longest are those of Teams with some 400.
pub const WEBHOOK_URL_LEN_MAX: usize = 1_024;
/// Characters of the secret that messages to a webhook are signed with, at least: who guesses it
/// can forge alerts.
pub const WEBHOOK_SECRET_LEN_MIN: usize = 16;
/// Syslog servers.
pub const SYSLOG_SERVERS_MAX: usize = 4;
/// Modules whose level of the log is set; each is compared with every record.
pub const MODULE_LEVELS_MAX: usize = 32;
/// Bytes of the name of such a module.
pub const MODULE_NAME_LEN_MAX: usize = 128;
/// Regions of one's own.
pub const REGIONS_MAX: usize = 256;
/// CAs of an organisation whose client certificates are taken; each is tried at a handshake.
pub const AUTHORITIES_MAX: usize = 16;
/// Rules for the clients of such CAs; they are tried in order at each request.
pub const AUTHORITY_RULES_MAX: usize = 256;
/// Characters that an attribute of a subject is compared with.
pub const SUBJECT_VALUE_LEN_MAX: usize = 64;
/// Users with a password; each is somebody's old program.
pub const MONITORING_USERS_MAX: usize = 16;
/// Characters of such a user's password, at least: it may be tried from everywhere.
pub const MONITORING_PASSWORD_LEN_MIN: usize = 12;
/// And at most; a program's password is far shorter.
pub const MONITORING_PASSWORD_LEN_MAX: usize = 256;
/// Schedules of backups; few people want more than two places.
pub const BACKUP_SCHEDULES_MAX: usize = 16;
/// Public keys that scheduled backups are sealed to: one less than an archive takes, for each is
/// sealed to a key of the moment as well, by which it is verified.
pub const BACKUP_RECIPIENTS_MAX: usize = 15;
/// Bytes of the path of a folder for backups; systems take no longer ones.
pub const BACKUP_PATH_LEN_MAX: usize = 4_096;
/// CAs of the address that takes backups: an old one and a new one, and some to spare.
pub const BACKUP_CAS_MAX: usize = 8;
/// Characters of the user there.
pub const BACKUP_USER_LEN_MAX: usize = 256;
