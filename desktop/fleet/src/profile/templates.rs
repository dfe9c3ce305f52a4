//! The templates of a user, one file each.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::{fs, io};

use underpass_runtime::file;

use crate::template::Template;

const FOLDER: &str = "templates";
/// Most templates; nobody finds his way among more.
pub(crate) const TEMPLATES_MAX: usize = 500;
/// The largest file that is read: what thousands of mappings need.
const LEN_MAX: u64 = 16 * 1024 * 1024;

/// The number of a template in the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateId(pub(crate) NonZeroUsize);

impl TemplateId {
    /// The one behind the last of these.
    pub(crate) fn next(last: Option<Self>) -> Self {
        Self(last.map_or(NonZeroUsize::MIN, |last| last.0.saturating_add(1)))
    }
}

fn path(folder: &Path, id: TemplateId) -> PathBuf {
    folder.join(FOLDER).join(format!("{}.json", id.0))
}

/// Reads all templates, and tells which cannot be read.
pub(super) fn load(folder: &Path) -> (Vec<(TemplateId, Template)>, Vec<String>) {
    let (mut found, mut unreadable) = (vec![], vec![]);
    let entries = match fs::read_dir(folder.join(FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (found, unreadable),
        Err(error) => {
            unreadable.push(format!("the templates cannot be read: {error}"));
            return (found, unreadable);
        }
    };
    let number = |entry: io::Result<fs::DirEntry>| {
        let name = entry.ok()?.file_name();
        name.to_str()?.strip_suffix(".json")?.parse().ok()
    };
    let mut numbers: Vec<NonZeroUsize> = entries.filter_map(number).collect();
    numbers.sort_unstable();
    for number in numbers.into_iter().take(TEMPLATES_MAX) {
        let id = TemplateId(number);
        match read(&path(folder, id)) {
            Ok(template) => found.push((id, template)),
            Err(reason) => unreadable.push(format!(
                "the template {} cannot be read: {reason}",
                path(folder, id).display()
            )),
        }
    }
    (found, unreadable)
}

fn read(path: &Path) -> Result<Template, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > LEN_MAX {
        return Err("it is too large".to_owned());
    }
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    Template::from_json(&text).map_err(|invalid| invalid.to_string())
}

/// Keeps a template, or removes it.
pub(super) fn keep(folder: &Path, id: TemplateId, template: Option<&Template>) -> io::Result<()> {
    let path = path(folder, id);
    match template {
        Some(template) => {
            file::private_dir(&folder.join(FOLDER))?;
            file::replace(&path, template.to_json().as_bytes())
        }
        None => match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_kept_until_they_are_removed_and_broken_ones_told() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (
            TemplateId::next(None),
            TemplateId::next(TemplateId::next(None).into()),
        );
        keep(dir.path(), one, Some(&Template::empty("ERP"))).unwrap();
        keep(dir.path(), two, Some(&Template::empty("HR"))).unwrap();
        let (found, unreadable) = load(dir.path());
        let names: Vec<&str> = found.iter().map(|(_, one)| one.name.as_str()).collect();
        assert_eq!((names, unreadable.len()), (vec!["ERP", "HR"], 0));
        keep(dir.path(), one, None).unwrap();
        keep(dir.path(), one, None).unwrap();
        file::replace(&path(dir.path(), two), br#"{"format":9}"#).unwrap();
        let (found, unreadable) = load(dir.path());
        assert!(found.is_empty());
        assert!(unreadable[0].contains("format"), "{unreadable:?}");
    }
}
