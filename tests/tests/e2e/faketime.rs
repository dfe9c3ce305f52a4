//! Programs that have another time than their host.

use std::path::PathBuf;

use crate::world::World;

/// A clock that is set while programs run. The one that never jumps stays as it is.
pub(crate) struct FakeClock {
    file: PathBuf,
    words: Vec<String>,
}

impl FakeClock {
    pub(crate) fn new(world: &World) -> Self {
        let file = world.path("clock");
        let words = vec![
            "env".to_owned(),
            format!("LD_PRELOAD={}", library().display()),
            format!("FAKETIME_TIMESTAMP_FILE={}", file.display()),
            "FAKETIME_NO_CACHE=1".to_owned(),
            "DONT_FAKE_MONOTONIC=1".to_owned(),
            "NO_FAKE_STAT=1".to_owned(),
        ];
        let clock = Self { file, words };
        clock.set("+0");
        clock
    }

    /// What stands before the commands of programs that follow it.
    pub(crate) fn prefix(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    /// Sets it ahead of the host's by so much, such as `+1d`.
    pub(crate) fn set(&self, offset: &str) {
        underpass_runtime::file::replace(&self.file, offset.as_bytes()).unwrap();
    }
}

/// What changes the time of programs.
pub(crate) fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    let libraries = folders.map(|one| one.unwrap().path().join("faketime/libfaketimeMT.so.1"));
    let found = libraries.into_iter().find(|one| one.exists());
    found.expect("libfaketimeMT.so.1 of Debian's faketime")
}
