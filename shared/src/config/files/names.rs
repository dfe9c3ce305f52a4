//! What the files are called: names that all systems take and tell apart.

use super::{MAPPINGS, SUBACCOUNTS};
use crate::config::document::Document;
use crate::config::subaccount::SubaccountKey;
use crate::host::VirtualAddress;

/// Names that some systems keep for devices, whatever stands behind a dot.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

impl Document {
    /// The folder of a subaccount. Where two location IDs differ by case alone, capitals are
    /// written otherwise: there are file systems that take them for the same.
    pub(super) fn folder(&self, key: &SubaccountKey) -> String {
        let same = self.subaccounts().iter().filter(|one| {
            let other = one.key();
            (&other.region_host, other.subaccount) == (&key.region_host, key.subaccount)
                && other
                    .location_id
                    .as_str()
                    .eq_ignore_ascii_case(key.location_id.as_str())
        });
        let location = match key.location_id.as_str() {
            "" => "_".to_owned(),
            location => segment(location, same.count() > 1),
        };
        let region = segment(&key.region_host.to_string(), false);
        format!("{SUBACCOUNTS}/{region}/{}/{location}", key.subaccount)
    }
}

/// The file of a mapping in the folder of its subaccount.
pub(super) fn mapping_path(folder: &str, address: &VirtualAddress) -> String {
    let host = segment(address.host.as_str(), false);
    format!("{folder}/{MAPPINGS}/{host}_{}.json", address.port)
}

/// A text as a name of a file that all systems take and tell apart.
fn segment(text: &str, no_capitals: bool) -> String {
    let stem = text.split('.').next().unwrap_or_default();
    let lower = stem.to_ascii_lowercase();
    let numbered = |name: &str| {
        let rest = lower.strip_prefix(name);
        rest.is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_device = DEVICES.contains(&lower.as_str()) || numbered("com") || numbered("lpt");
    let last = text.len().saturating_sub(1);
    let mut name = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        let plain = match byte {
            b'.' => at > 0 && at < last,
            b'A'..=b'Z' => !no_capitals,
            b'a'..=b'z' | b'0'..=b'9' | b'-' => true,
            _ => false,
        };
        if plain && !(is_device && at == 0) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02x}"));
        }
    }
    name
}
