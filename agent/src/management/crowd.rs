//! Connections that have not shown who they are: a limited number, of which the newest stay.
//!
//! A crowd of silent connections therefore keeps no operator out: it can only push out itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// Places for strangers. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    places: Arc<Mutex<Places>>,
    most: usize,
}

#[derive(Debug, Default)]
struct Places {
    next: u64,
    taken: VecDeque<(u64, CancellationToken)>,
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Crowd,
    number: u64,
    left: CancellationToken,
}

impl Crowd {
    pub(super) fn new(most: usize) -> Self {
        Self {
            places: Arc::default(),
            most,
        }
    }

    /// Takes a place; the oldest has to leave where there is none.
    pub(super) fn enter(&self) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        while places.taken.len() >= self.most {
            if let Some((_, left)) = places.taken.pop_front() {
                left.cancel();
            }
        }
        let number = places.next;
        places.next += 1;
        let left = CancellationToken::new();
        places.taken.push_back((number, left.clone()));
        Place {
            crowd: self.clone(),
            number,
            left,
        }
    }
}

impl Place {
    /// Resolves when this connection has to leave.
    pub(super) async fn pushed_out(&self) {
        self.left.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let places = &self.crowd.places;
        let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.number;
        places.taken.retain(|(one, _)| *one != number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay() {
        let crowd = Crowd::new(2);
        let (first, second) = (crowd.enter(), crowd.enter());
        assert!(!first.left.is_cancelled());
        let third = crowd.enter();
        assert!(first.left.is_cancelled());
        assert!(!second.left.is_cancelled());
        drop(second);
        let _fourth = crowd.enter();
        assert!(!third.left.is_cancelled());
        drop(first);
        assert_eq!(crowd.places.lock().unwrap().taken.len(), 2);
    }
}
