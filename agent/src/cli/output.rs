//! What commands print: tables for people, JSON for scripts.

use std::io::{self, Write};

use serde::Serialize;
use underpass_runtime::print;
use underpass_shared::api::management::Preview;
use underpass_shared::config::Change;

use super::client::Reply;
pub(super) use crate::utc::utc;

/// Where a command prints, and how.
pub(super) struct Output<'a> {
    pub(super) json: bool,
    pub(super) out: &'a mut dyn Write,
}

impl Output<'_> {
    /// Prints the one or the other.
    pub(super) fn show(
        &mut self,
        value: &impl Serialize,
        human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        if self.json {
            writeln!(self.out, "{}", serde_json::to_string_pretty(value)?)?;
        } else {
            human(self.out)?;
        }
        Ok(self.out.flush()?)
    }

    /// Says that something is deleted; scripts get its number or name.
    pub(super) fn deleted(&mut self, which: impl Serialize, words: &str) -> anyhow::Result<()> {
        let told = serde_json::json!({ "deleted": which });
        self.show(&told, |out| writeln!(out, "{words}"))
    }

    /// Prints what became of a change, or what would become of it.
    pub(super) fn changed(&mut self, reply: &Reply, dry_run: bool) -> anyhow::Result<()> {
        if dry_run {
            let preview: Preview = reply.read()?;
            return self.show(&preview, |out| {
                if preview.changes.is_empty() {
                    return writeln!(out, "nothing would change");
                }
                writeln!(out, "would change:")?;
                changes(out, &preview.changes)
            });
        }
        let revision = reply.revision.unwrap_or_default();
        let mut told = serde_json::json!({ "revision": revision });
        if let Some(ms) = reply.reverts_at_ms {
            told["revertsAtMs"] = ms.into();
        }
        self.show(&told, |out| {
            writeln!(out, "revision {revision}")?;
            reverts(reply.reverts_at_ms, out)
        })
    }
}

/// A table with titles.
pub(super) fn table<const N: usize>(
    out: &mut dyn Write,
    titles: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> io::Result<()> {
    let titles = [titles.map(str::to_owned)].into_iter();
    let all: Vec<[String; N]> = titles.chain(rows).collect();
    print::table(out, &all)
}

/// Says when a change is taken back, if it is.
pub(super) fn reverts(ms: Option<i64>, out: &mut dyn Write) -> io::Result<()> {
    let Some(time) = ms.map(utc) else {
        return Ok(());
    };
    writeln!(
        out,
        "taken back at {time} UTC, unless you run `underpass-agent confirm`"
    )
}

/// One line for each changed part.
pub(super) fn changes(out: &mut dyn Write, changes: &[Change]) -> io::Result<()> {
    changes.iter().try_for_each(|one| {
        let sign = one.change.sign();
        writeln!(out, "  {sign} {}", one.part)
    })
}
