//! A way to an agent that can lose an answer.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// What is sent at once and is larger than this is a whole document, and no question.
const DOCUMENT_LEN: usize = 48 * 1024;

/// What becomes of the answer to the next document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It is passed on.
    Comes,
    /// It is to be held back.
    Waits,
    /// It is held back.
    Held,
    /// It is lost.
    Lost,
}

struct Shared {
    answer: Mutex<Answer>,
    changed: Condvar,
}

impl Shared {
    fn set(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
        self.changed.notify_all();
    }
}

/// Passes all on in both directions, until it is told otherwise.
pub(super) struct Relay {
    pub(super) address: String,
    shared: Arc<Shared>,
}

impl Relay {
    pub(super) fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap().to_string(),
            shared: Arc::new(Shared {
                answer: Mutex::new(Answer::Comes),
                changed: Condvar::new(),
            }),
        };
        let (address, shared) = (address.to_owned(), Arc::clone(&relay.shared));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Where nobody is, the client sees its connection end.
                if let Ok(server) = TcpStream::connect(&address) {
                    connect(client, server, &shared);
                }
            }
        });
        relay
    }

    /// The answer to the next document does not come.
    pub(super) fn hold_the_answer(&self) {
        self.shared.set(Answer::Waits);
    }

    pub(super) fn holds(&self) -> bool {
        *self.shared.answer.lock().unwrap() == Answer::Held
    }

    /// The answer is lost, and the connection with it.
    pub(super) fn lose_it(&self) {
        self.shared.set(Answer::Lost);
    }
}

fn connect(client: TcpStream, server: TcpStream, shared: &Arc<Shared>) {
    let (own, other) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (there, back) = (Arc::clone(shared), Arc::clone(shared));
    // Whether the answer that comes next on this connection is held back.
    let held = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&held);
    std::thread::spawn(move || {
        let mut sent = 0;
        pass(own, other, |len| {
            sent += len;
            let mut answer = there.answer.lock().unwrap();
            if sent > DOCUMENT_LEN && *answer == Answer::Waits {
                seen.store(true, Ordering::SeqCst);
                *answer = Answer::Held;
            }
            true
        });
    });
    std::thread::spawn(move || {
        pass(server, client, |_| {
            if !held.load(Ordering::SeqCst) {
                return true;
            }
            let answer = back.answer.lock().unwrap();
            drop(
                back.changed
                    .wait_while(answer, |now| *now == Answer::Held)
                    .unwrap(),
            );
            false
        });
    });
}

/// Passes on what comes, each piece after `before` saw its length and lets it, until one side ends.
fn pass(mut from: TcpStream, mut to: TcpStream, mut before: impl FnMut(usize) -> bool) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(len @ 1..) = from.read(&mut piece) {
        if !before(len) || to.write_all(&piece[..len]).is_err() {
            break;
        }
    }
    // The other side may have ended it already.
    drop(to.shutdown(Shutdown::Both));
    drop(from.shutdown(Shutdown::Both));
}
