//! `cargo xtask screenshots`: pictures of every screen, taken from the made-up fleet.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::debian::{self, PNGQUANT};
use crate::file;
use crate::output;
use crate::shell;
use crate::stop::Stop;

/// All pictures together: they are in the history of the repository for ever.
const TOTAL_MAX: usize = 8 * 1024 * 1024;

/// Takes them, and writes those that changed.
pub(crate) fn run(stop: &Stop) -> anyhow::Result<()> {
    debian::ensure(&[PNGQUANT], stop)?;
    let taken = tempfile::tempdir().context("cannot make a temporary folder")?;
    output::progress("drawing");
    let arguments = ["test", "--workspace", "--test", "ui"];
    let mut draw = shell::cargo(&arguments);
    draw.args(["--", "--ignored", "pictures_of_every_screen"])
        .env("UNDERPASS_SHOTS", taken.path());
    shell::run(&mut draw, stop)?;
    let pictures = files(taken.path())?;
    ensure!(!pictures.is_empty(), "no pictures were taken");
    output::progress(format_args!("making {} pictures small", pictures.len()));
    for picture in &pictures {
        let mut optimise = Command::new("pngquant");
        optimise
            .args(["--quality=90-100", "--speed=1", "--strip", "--force"])
            .args(["--output".as_ref(), picture.as_path(), "--".as_ref()])
            .arg(picture);
        shell::capture(&mut optimise, stop)?;
    }
    let folder = shell::root().join("docs/screenshots");
    fs::create_dir_all(&folder)?;
    let changed = publish(&pictures, &folder)?;
    output::progress(format_args!(
        "{changed} of {} pictures changed",
        pictures.len()
    ));
    Ok(())
}

/// Brings `folder` to what was taken; answers how many pictures changed.
fn publish(pictures: &[PathBuf], folder: &Path) -> anyhow::Result<usize> {
    let (mut total, mut changed) = (0, 0);
    let mut names: BTreeSet<OsString> = BTreeSet::new();
    let mut newer = vec![];
    for picture in pictures {
        let name = picture.file_name().context("a picture has no name")?;
        let bytes = fs::read(picture)?;
        total += bytes.len();
        names.insert(name.to_owned());
        let path = folder.join(name);
        if fs::read(&path).ok().as_deref() != Some(&bytes) {
            newer.push((path, bytes));
        }
    }
    ensure!(
        total <= TOTAL_MAX,
        "the pictures have {total} bytes together, more than {TOTAL_MAX}"
    );
    for (path, bytes) in newer {
        file::replace(&path, &bytes)?;
        changed += 1;
    }
    // Screens that are no more.
    for path in files(folder)? {
        if path.file_name().is_some_and(|name| !names.contains(name)) {
            fs::remove_file(&path)?;
            changed += 1;
        }
    }
    Ok(changed)
}

/// All pictures in a folder, by name.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = vec![];
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "png") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_written() {
        let (taken, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let take = |name: &str, text: &str| {
            let mut file = fs::File::create(taken.path().join(name)).unwrap();
            std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        };
        take("a.png", "1");
        take("b.png", "2");
        let publish = || publish(&files(taken.path()).unwrap(), folder.path());
        assert_eq!(publish().unwrap(), 2);
        assert_eq!(publish().unwrap(), 0);
        take("b.png", "3");
        fs::remove_file(taken.path().join("a.png")).unwrap();
        assert_eq!(publish().unwrap(), 2);
        assert_eq!(files(folder.path()).unwrap(), [folder.path().join("b.png")]);
        fs::File::create(taken.path().join("c.png"))
            .unwrap()
            .set_len(9 * 1024 * 1024)
            .unwrap();
        assert!(publish().unwrap_err().to_string().contains("more than"));
    }
}
