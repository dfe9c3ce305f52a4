//! What agents prove themselves with, made better or worse than the gateway made it.

use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use underpass_agent::credentials::Credentials;
use underpass_agent::tunnel::dial::dial;
use underpass_agent::tunnel::{Route, enrol};
use underpass_runtime::clock;
use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};
use underpass_runtime::tasks::Tasks;
use underpass_shared::id::RegionHost;
use underpass_shared::protocol::role::Role;

use crate::world::World;

/// How long certificates of these tests are good.
const VALID: Duration = Duration::from_secs(3_600);
/// How long a gateway may take to say its first word or to hang up.
const FIRST_WORD: Duration = Duration::from_secs(5);

fn in_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

impl World {
    fn region_host(&self) -> RegionHost {
        self.text("regionHost").parse().unwrap()
    }

    /// Renews as an agent does.
    pub(crate) fn renew(&self, old: &Credentials) -> Result<Credentials, String> {
        let host = self.region_host();
        in_runtime(async { enrol::renew(&host, &Route::Direct, old, &Tasks::new()).await })
            .map_err(|error| format!("{error:#}"))
    }

    /// Dials a tunnel: whether the gateway begins to talk, rather than hang up.
    pub(crate) fn opens_tunnel(&self, credentials: &Credentials) -> bool {
        let host = self.region_host();
        let tls = credentials.tls(Role::Tunnel).unwrap();
        in_runtime(async {
            let Ok((mut stream, _)) = dial(&host, &Route::Direct, &tls).await else {
                return false;
            };
            let mut word = [0; 24];
            let read = tokio::time::timeout(FIRST_WORD, stream.read(&mut word)).await;
            matches!(
                read.expect("the gateway says something or hangs up"),
                Ok(1..)
            )
        })
    }
}

/// The credentials with a certificate of the same key that ended some days ago.
pub(crate) fn aged(world: &World, fresh: &Credentials, days: i64) -> Credentials {
    let ca_path = world.path("gateway/tls/ca.pem");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let ca_key = PrivateKey::from_pem(&read(&ca_path.with_file_name("ca-key.pem"))).unwrap();
    let ca = Authority::load(&read(&ca_path), &ca_key).unwrap();
    let lifetime = Lifetime {
        now_ms: clock::wall_ms() - days * 86_400_000,
        valid: VALID,
    };
    signed(&ca, fresh, lifetime)
}

/// The credentials with a certificate of the same key and identity by another CA of the same name.
pub(crate) fn foreign(fresh: &Credentials) -> Credentials {
    let lifetime = Lifetime {
        now_ms: clock::wall_ms(),
        valid: VALID,
    };
    let (ca, _key) = Authority::create("Underpass gateway CA", lifetime).unwrap();
    signed(&ca, fresh, lifetime)
}

fn signed(ca: &Authority, fresh: &Credentials, lifetime: Lifetime) -> Credentials {
    let request = PrivateKey::from_pem(&fresh.key).unwrap().request().unwrap();
    let identity = fresh.info().unwrap().identity.unwrap();
    Credentials {
        certificate: ca.agent(&request, &identity, lifetime).unwrap(),
        ..fresh.clone()
    }
}
