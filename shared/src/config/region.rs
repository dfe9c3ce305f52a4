//! Gateways by name, offered where a region host is asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::{DISPLAY_NAME_LEN_MAX, REGIONS_MAX};
use super::text::Text;
use crate::id::RegionHost;
use crate::schema::schema_like;

/// A region with its gateway, before its checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Region {
    /// Its name for people.
    pub name: Text<DISPLAY_NAME_LEN_MAX>,
    /// Its gateway.
    pub region_host: RegionHost,
}

/// The regions of one's own, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Region>", into = "Vec<Region>")]
pub struct Regions(Vec<Region>);

impl TryFrom<Vec<Region>> for Regions {
    type Error = Invalid;

    fn try_from(mut all: Vec<Region>) -> Result<Self, Self::Error> {
        let wrong = |rule: String| Err(Invalid::new("regions", rule));
        if all.len() > REGIONS_MAX {
            return wrong(format!("at most {REGIONS_MAX} regions are allowed"));
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        for (i, one) in all.iter().enumerate() {
            if one.name.trim().is_empty() {
                return wrong("name must not be empty".to_owned());
            }
            let mut before = all.iter().take(i);
            if let Some(same) =
                before.find(|o| o.name == one.name || o.region_host == one.region_host)
            {
                let Region { name, region_host } = same;
                return wrong(format!("{name} ({region_host}) is there already"));
            }
        }
        Ok(Self(all))
    }
}

schema_like!(Regions = Vec<Region>);

impl From<Regions> for Vec<Region> {
    fn from(regions: Regions) -> Self {
        regions.0
    }
}

impl Regions {
    /// All of them.
    pub fn as_slice(&self) -> &[Region] {
        &self.0
    }

    pub(super) const fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}
