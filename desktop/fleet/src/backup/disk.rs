//! Files of backups: written as a whole, and read back.

use std::fs::File;
use std::path::Path;

use underpass_runtime::file::Fresh;
use underpass_runtime::pieces::hash;
use underpass_shared::hash::Hash256;

/// Where what waits for disks is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Disk {
    /// Beside other tasks.
    Beside,
    /// At once, where there are no tasks.
    Here,
}

impl Disk {
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        match self {
            Self::Here => work(),
            Self::Beside => match tokio::task::spawn_blocking(work).await {
                Ok(done) => done,
                Err(_panic) => Err("the work with the file ended in a panic".to_owned()),
            },
        }
    }
}

/// A file for what comes, if one can be written there; told before an agent works for it. It gets
/// its name once it is whole.
pub(super) fn fresh(path: &Path, replace: bool) -> Result<Fresh, String> {
    ready(path, replace)?;
    Fresh::beside(path).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn ready(path: &Path, replace: bool) -> Result<(), String> {
    let shown = path.display();
    if !replace && path.exists() {
        return Err(format!("{shown} exists already; choose another name"));
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(format!("the folder of {shown} does not exist"));
    }
    Ok(())
}

/// Gives a file its name, which is not there or may be replaced, and reads back what it holds now.
pub(super) fn keep(fresh: Fresh, path: &Path, replace: bool) -> Result<(Hash256, u64), String> {
    ready(path, replace)?;
    let shown = path.display();
    let kept = fresh.keep();
    kept.map_err(|error| format!("cannot write {shown}: {error}"))?;
    let read = File::open(path).and_then(|mut file| hash(&mut file));
    read.map_err(|error| format!("cannot read {shown} back: {error}"))
}
