//! The thread that writes the file of the log.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use underpass_shared::api::management::{LogFileName, LogLine};

use super::State;
use super::folder::Folder;
use crate::{clock, file};

/// Lines that are written at once.
const BATCH_LEN: usize = 256;
/// How often old files are looked for while nothing is logged.
const CLEAN_EVERY: Duration = Duration::from_secs(60 * 60);
/// How long a disk that takes nothing is left alone.
const RETRY: Duration = Duration::from_secs(2);

/// What writes.
pub(super) struct Writer {
    folder: Folder,
    state: Arc<State>,
    file: Option<(File, u64)>,
    /// When it may be tried again.
    retry_at: Duration,
    /// When old files are looked for.
    clean_at: Duration,
    /// How many lost lines the file tells of.
    told: u64,
}

impl Writer {
    pub(super) fn new(folder: Folder, state: Arc<State>) -> Self {
        Self {
            folder,
            state,
            file: None,
            retry_at: Duration::ZERO,
            clean_at: Duration::ZERO,
            told: 0,
        }
    }

    /// Writes until nobody sends lines any more.
    pub(super) fn run(mut self, earlier: &[Arc<LogLine>], lines: &Receiver<Arc<LogLine>>) {
        for batch in earlier.chunks(BATCH_LEN) {
            self.batch(batch);
        }
        loop {
            self.clean();
            let mut batch = match lines.recv_timeout(CLEAN_EVERY) {
                Ok(line) => vec![line],
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            batch.extend(lines.try_iter().take(BATCH_LEN));
            self.batch(&batch);
        }
    }

    fn batch(&mut self, lines: &[Arc<LogLine>]) {
        let lost = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        let count = |state: &State| {
            state.dropped.fetch_add(lost, Ordering::Relaxed);
        };
        if clock::monotonic() < self.retry_at {
            count(&self.state);
            return;
        }
        match self.try_batch(lines) {
            Ok(()) => self.state.failed(None),
            Err(error) => {
                count(&self.state);
                self.file = None;
                self.retry_at = clock::monotonic() + RETRY;
                self.state.failed(Some(error.to_string()));
            }
        }
    }

    fn try_batch(&mut self, lines: &[Arc<LogLine>]) -> io::Result<()> {
        let path = self.folder.path(&LogFileName::present());
        // Somebody may have moved or emptied it.
        let is_same = |len: u64| {
            let found = fs::metadata(&path);
            found.is_ok_and(|found| found.is_file() && found.len() == len)
        };
        if self.file.as_ref().is_some_and(|(_, len)| !is_same(*len)) {
            self.file = None;
        }
        let limits = self.state.limits();
        if self
            .file
            .as_ref()
            .is_some_and(|(_, len)| *len >= limits.bytes)
        {
            self.file = None;
            self.folder.roll(clock::wall_ms())?;
            self.folder.clean(clock::wall_ms(), limits.days)?;
        }
        let mut text = String::new();
        let (mut file, len) = match self.file.take() {
            Some(open) => open,
            None => {
                let mut file = file::open_private(&path)?;
                let len = file.seek(SeekFrom::End(0))?;
                if len > 0 {
                    // What was written last may have been cut off.
                    text.push('\n');
                }
                (file, len)
            }
        };
        let dropped = self.state.dropped.load(Ordering::Relaxed);
        if dropped > self.told {
            let lost = dropped - self.told;
            let time = clock::rfc3339(clock::wall_ms());
            text.push_str(&format!(
                "{time} WARN underpass_runtime::telemetry: {lost} lines were not written here\n"
            ));
        }
        lines.iter().for_each(|line| format(line, &mut text));
        file.write_all(text.as_bytes())?;
        self.told = dropped;
        let written = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.file = Some((file, len.saturating_add(written)));
        Ok(())
    }

    fn clean(&mut self) {
        let now = clock::monotonic();
        if now < self.clean_at {
            return;
        }
        self.clean_at = now + CLEAN_EVERY;
        let days = self.state.limits().days;
        if let Err(error) = self.folder.clean(clock::wall_ms(), days) {
            tracing::warn!(%error, "old files of the log were not removed");
        }
    }
}

/// One line, whatever is in it: line breaks of others would look like lines of ours.
fn format(line: &LogLine, text: &mut String) {
    let (time, level) = (clock::rfc3339(line.time_ms), line.level);
    let mut whole = format!("{time} {level:5} {}: {}", line.target, line.message);
    for (name, value) in &line.fields {
        whole.push_str(&format!(" {name}={value}"));
    }
    for c in whole.chars() {
        if c.is_control() {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text.push('\n');
}
