//! A corporate proxy: opens the way to those who log in, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use underpass_runtime::net;
use underpass_runtime::tasks::Tasks;

/// `corp\user:pass:wörd`, as Basic authentication has it.
const LOGIN: &str = "proxy-authorization: basic y29ycfx1c2vyonbhc3m6d8o2cmq=\r\n";
/// The user, as it stands in an address.
pub(crate) const USER: &str = "corp%5Cuser";
/// The user's password.
pub(crate) const PASSWORD: &str = "pass:wörd";

/// A running proxy; it dies when dropped, and all that leads through it.
pub(crate) struct ConnectProxy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    tasks: Tasks,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    heads: Mutex<Vec<String>>,
    open: AtomicUsize,
}

impl ConnectProxy {
    pub(crate) fn start() -> Self {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// On a given address, where another may have been before.
    pub(crate) fn start_on(address: SocketAddr) -> Self {
        let (send, started) = mpsc::channel();
        let state = Arc::<State>::default();
        let tasks = Tasks::new();
        let thread = {
            let (state, tasks) = (Arc::clone(&state), tasks.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime.unwrap().block_on(async {
                    let listener = net::listen(address).unwrap();
                    send.send(listener.local_addr().unwrap()).unwrap();
                    loop {
                        let accepted = tokio::select! {
                            accepted = listener.accept() => accepted.unwrap().0,
                            () = tasks.stopped() => return,
                        };
                        let state = Arc::clone(&state);
                        tasks.spawn("proxied", async move { state.serve(accepted).await });
                    }
                });
            })
        };
        Self {
            address: started.recv().unwrap(),
            state,
            tasks,
            thread: Some(thread),
        }
    }

    /// The address as operators write it.
    pub(crate) fn url(&self) -> String {
        format!("http://{USER}@{}", self.address)
    }

    /// What it was asked, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.state.heads.lock().unwrap().clone()
    }

    /// How many connections lead through it now.
    pub(crate) fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }
}

impl Drop for ConnectProxy {
    fn drop(&mut self) {
        self.tasks.stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "{ended:?}");
        }
    }
}

impl State {
    async fn serve(&self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else {
                return;
            };
            head.push(byte);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let target = head
            .strip_prefix("connect ")
            .and_then(|rest| rest.split(' ').next());
        let target = target.unwrap_or_default().to_owned();
        let known = head.contains(LOGIN);
        self.heads.lock().unwrap().push(head);
        if !known {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"corp\"\r\nContent-Length: 0\r\n\r\n";
            drop(stream.write_all(refusal.as_bytes()).await);
            return;
        }
        let Ok(mut there) = TcpStream::connect(&target).await else {
            drop(
                stream
                    .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                    .await,
            );
            return;
        };
        if stream
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .await
            .is_ok()
        {
            self.open.fetch_add(1, Ordering::SeqCst);
            // It ends as either end wants it.
            drop(copy_bidirectional(&mut stream, &mut there).await);
            self.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
