//! Finding the resources that a path may fall under, without looking at all of them.

use crate::config::Resource;

/// The resources whose paths are the beginning of a path, longest first.
///
/// They are sorted by path. Seen from the place where the path itself would stand, each one that is
/// passed over bounds how long the next can be, so the walk skips all that has nothing in common.
pub(super) struct Beginnings<'a> {
    resources: &'a [Resource],
    path: &'a [u8],
}

impl<'a> Beginnings<'a> {
    pub(super) fn of(path: &'a [u8], resources: &'a [Resource]) -> Self {
        Self {
            resources: up_to(path, resources),
            path,
        }
    }
}

impl<'a> Iterator for Beginnings<'a> {
    /// The place of a resource, and the resource.
    type Item = (usize, &'a Resource);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (last, before) = self.resources.split_last()?;
            let own = last.path.as_str().as_bytes();
            let pairs = own.iter().zip(self.path);
            let shared = pairs.take_while(|(a, b)| a == b).count();
            if shared == own.len() {
                self.resources = before;
                return Some((before.len(), last));
            }
            // One that is longer than this would stand behind `last`.
            self.path = self.path.get(..shared)?;
            self.resources = up_to(self.path, before);
        }
    }
}

/// The resources that do not sort behind a path.
fn up_to<'a>(path: &[u8], resources: &'a [Resource]) -> &'a [Resource] {
    let end = resources.partition_point(|one| one.path.as_str().as_bytes() <= path);
    resources.get(..end).unwrap_or_default()
}
