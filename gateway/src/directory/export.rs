//! The rows that a backup holds, and putting them back.

use super::{Directory, key};
use crate::state::{CommitError, Expect, Op, State, StoreError};

/// One row: its key and its value, which is JSON.
pub type Row = (String, String);

impl Directory {
    /// All that shall outlive a lost disk, as of one moment.
    ///
    /// What is of the running gateway is not among it, such as live tunnels, nor are enrolment
    /// tokens: a token that was used after the backup would be good again.
    pub async fn export(&self) -> Result<Vec<Row>, StoreError> {
        let lasting = |row: &str| !key::PASSING.iter().any(|prefix| row.starts_with(prefix));
        let rows = self.state().scan("").await?.into_iter();
        rows.filter(|(row, _)| lasting(row))
            .map(|(row, entry)| {
                let value = String::from_utf8(entry.value);
                value.map(|value| (row, value)).or(Err(StoreError::Corrupt))
            })
            .collect()
    }

    /// Fills an empty store, all rows or none.
    pub async fn import(state: &State, rows: Vec<Row>) -> Result<(), CommitError> {
        let put = |(row, value): Row| Op::put(row, Expect::Absent, value.into_bytes());
        state.commit(rows.into_iter().map(put).collect()).await?;
        Ok(())
    }
}
