//! Applications that call while a place changes hands.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crate::process::until;
use crate::world::World;

/// Applications that call all the time.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    callers: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    pub(super) fn start(world: &World) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicUsize::new(0));
        let callers = ["/hello", "/hello", "/slow/300"].map(|path| {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            let proxy = world.text("proxy");
            let request = format!(
                "GET http://backend.virtual{path} HTTP/1.1\r\nHost: backend.virtual\r\n{}\r\nConnection: close\r\n\r\n",
                world.tenant.authorization()
            );
            std::thread::spawn(move || {
                let mut wrong = vec![];
                while !stop.load(Ordering::Relaxed) {
                    let mut stream = TcpStream::connect(&proxy).unwrap();
                    stream.write_all(request.as_bytes()).unwrap();
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).unwrap();
                    answered.fetch_add(1, Ordering::Relaxed);
                    if !answer.starts_with("HTTP/1.1 200") {
                        wrong.push(answer);
                    }
                }
                wrong
            })
        });
        Self {
            stop,
            answered,
            callers: callers.into(),
        }
    }

    /// Waits for so many more answers.
    pub(super) fn pass(&self, count: usize) {
        let wanted = self.answered.load(Ordering::Relaxed) + count;
        until("applications call", || {
            (self.answered.load(Ordering::Relaxed) >= wanted).then_some(())
        });
    }

    /// How many were answered, and what was answered wrongly.
    pub(super) fn end(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let wrong = self.callers.into_iter().flat_map(|one| one.join().unwrap());
        let wrong = wrong.collect();
        (self.answered.load(Ordering::Relaxed), wrong)
    }
}
