//! Tests of issuing and checking tokens.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use underpass_runtime::pki::PrivateKey;
use underpass_shared::id::SubaccountId;
use uuid::Uuid;

use super::*;
use crate::directory::{Binding, Directory};
use crate::state::{State, StoreClock};

const ISSUER: &str = "https://localhost:1/oauth/token";
const NOW_MS: i64 = 1_800_000_000_000;

struct Bench {
    directory: Directory,
    binding: Binding,
    issuer: Issuer,
    verifier: Verifier,
}

impl Bench {
    async fn new() -> Self {
        let state = State::memory(StoreClock::new(|| NOW_MS)).unwrap();
        let directory = Directory::open(state).await.unwrap();
        let subaccount = SubaccountId::from_uuid(Uuid::from_u128(9));
        directory
            .add_subaccount(subaccount, "acme", 0)
            .await
            .unwrap();
        let binding = directory
            .add_binding("sb-app", [0; 32], subaccount, 0)
            .await
            .unwrap();
        let issuer = Issuer::new(key(), ISSUER.to_owned());
        let verifier = Verifier::new(issuer.keys().clone(), ISSUER, directory.clone());
        Self {
            directory,
            binding,
            issuer,
            verifier,
        }
    }

    fn token(&self) -> String {
        self.issuer
            .issue(&self.binding, NOW_MS)
            .unwrap()
            .token
            .expose()
            .to_owned()
    }

    /// A token of our key with some claims changed; null leaves a claim out.
    fn token_with(&self, changes: &Value) -> String {
        let mut claims: Value = part(&self.token(), 1);
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        let keys = self.issuer.keys().get();
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(keys.signing(0).kid().to_owned());
        jsonwebtoken::encode(
            &header,
            &claims,
            self.issuer.keys().get().signing(0).encoding(),
        )
        .unwrap()
    }

    fn refusal(&self, token: &str) -> TokenError {
        self.verifier.verify(token, NOW_MS).unwrap_err()
    }
}

fn key() -> SigningKeys {
    SigningKeys::from_pem(&PrivateKey::generate().unwrap().to_pem(), 0).unwrap()
}

fn part(token: &str, at: usize) -> Value {
    let bytes = BASE64.decode(token.split('.').nth(at).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Our token's claims under another header and signature.
fn forged(token: &str, header: &Value, signature: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    format!("{}.{claims}.{signature}", BASE64.encode(header.to_string()))
}

#[tokio::test]
async fn a_token_says_what_clients_look_for_and_is_accepted() {
    let bench = Bench::new().await;
    let issued = bench.issuer.issue(&bench.binding, NOW_MS).unwrap();
    let (header, claims) = (
        part(issued.token.expose(), 0),
        part(issued.token.expose(), 1),
    );
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["kid"], bench.issuer.keys().get().signing(0).kid());
    let subaccount = bench.binding.subaccount.to_string();
    for (claim, value) in [
        ("iss", json!(ISSUER)),
        ("sub", json!("sb-app")),
        ("client_id", json!("sb-app")),
        ("cid", json!("sb-app")),
        ("azp", json!("sb-app")),
        ("zid", json!(subaccount)),
        ("aud", json!(["underpass", "sb-app"])),
        ("iat", json!(1_800_000_000)),
        ("exp", json!(1_800_043_200)),
        ("jti", json!(issued.jti)),
        ("scope", json!(["underpass.proxy"])),
        ("grant_type", json!("client_credentials")),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    assert_eq!(claims["ext_attr"]["subaccountid"], json!(subaccount));
    let caller = bench
        .verifier
        .verify(issued.token.expose(), NOW_MS)
        .unwrap();
    assert_eq!(caller.subaccount, bench.binding.subaccount);
    assert_eq!(caller.expires_at_ms, NOW_MS + 12 * 3_600_000 + 60_000);
}

#[tokio::test]
async fn time_counts_with_a_minute_of_leeway() {
    let bench = Bench::new().await;
    let token = bench.token();
    let end = bench.verifier.verify(&token, NOW_MS).unwrap().expires_at_ms;
    assert!(bench.verifier.verify(&token, end - 1).is_ok());
    assert_eq!(bench.verifier.verify(&token, end), Err(TokenError::Expired));
    let mut cache = TokenCache::new(Arc::new(bench.verifier));
    assert!(cache.verify(&token, end - 1).is_ok());
    assert_eq!(cache.verify(&token, end), Err(TokenError::Expired));
}

#[tokio::test]
async fn claims_must_fit() {
    let bench = Bench::new().await;
    let stranger = Uuid::from_u128(1).to_string();
    for (changes, error) in [
        (json!({"aud": "other"}), TokenError::Audience),
        (json!({"aud": ["sb-app"]}), TokenError::Audience),
        (json!({"aud": null}), TokenError::Malformed),
        (
            json!({"iss": "https://evil/oauth/token"}),
            TokenError::Issuer,
        ),
        (json!({"iss": null}), TokenError::Malformed),
        (json!({"exp": null}), TokenError::Malformed),
        (json!({"exp": "tomorrow"}), TokenError::Malformed),
        (json!({"exp": 0}), TokenError::Expired),
        (json!({"exp": -1}), TokenError::Malformed),
        (json!({"zid": stranger}), TokenError::Unknown),
        (json!({"zid": "acme"}), TokenError::Malformed),
        (json!({"zid": null}), TokenError::Malformed),
        (json!({"cid": "sb-gone"}), TokenError::Unknown),
    ] {
        assert_eq!(
            bench.refusal(&bench.token_with(&changes)),
            error,
            "{changes}"
        );
    }
    assert!(
        bench
            .verifier
            .verify(&bench.token_with(&json!({})), NOW_MS)
            .is_ok()
    );
}

#[tokio::test]
async fn only_our_signature_counts() {
    let bench = Bench::new().await;
    let token = bench.token();
    let signature = token.split('.').nth(2).unwrap();
    for alg in ["none", "None", "NONE", ""] {
        let bare = forged(&token, &json!({"alg": alg}), "");
        assert_eq!(bench.refusal(&bare), TokenError::Malformed, "{alg}");
        assert!(
            bench
                .verifier
                .verify(&forged(&token, &json!({"alg": alg}), signature), 0)
                .is_err()
        );
    }
    for alg in ["HS256", "RS256", "PS256", "ES384", "EdDSA"] {
        let other = forged(&token, &json!({"alg": alg}), signature);
        assert_eq!(bench.refusal(&other), TokenError::Algorithm, "{alg}");
    }
    // The public key as an HMAC secret.
    let public = bench.issuer.keys().get().signing(0).public_pem();
    let header = Header::new(Algorithm::HS256);
    let claims = part(&token, 1);
    let mac = EncodingKey::from_secret(public.as_bytes());
    let confused = jsonwebtoken::encode(&header, &claims, &mac).unwrap();
    assert_eq!(bench.refusal(&confused), TokenError::Algorithm);

    let stranger = Issuer::new(key(), ISSUER.to_owned());
    let foreign = stranger.issue(&bench.binding, NOW_MS).unwrap();
    assert_eq!(bench.refusal(foreign.token.expose()), TokenError::Signature);

    // The same claims under a header that points at another key.
    let jwk = json!({"alg": "ES256", "kid": "x", "jku": "https://evil/keys"});
    assert_eq!(
        bench.refusal(&forged(&token, &jwk, signature)),
        TokenError::Signature
    );
}

#[tokio::test]
async fn headers_choose_no_key_and_signatures_have_one_form() {
    let bench = Bench::new().await;
    let token = bench.token();
    let signature = token.split('.').nth(2).unwrap();
    // What the header names is not looked at: the signature over it is wrong.
    for header in [
        json!({"alg": "ES256", "kid": "../../../../dev/null"}),
        json!({"alg": "ES256", "kid": "x' UNION SELECT 'key"}),
        json!({"alg": "ES256", "kid": "https://evil/key"}),
        json!({"alg": "ES256", "kid": "\u{0}"}),
        json!({"alg": "ES256", "kid": ""}),
        json!({"alg": "ES256", "x5u": "https://evil/chain"}),
        json!({"alg": "ES256", "jwk": bench.issuer.keys().get().jwks()["keys"][0]}),
        json!({"alg": "ES256", "typ": "JWE", "cty": "JWT"}),
    ] {
        let other = forged(&token, &header, signature);
        assert_eq!(bench.refusal(&other), TokenError::Signature, "{header}");
    }
    for header in [
        json!({"alg": "ES256", "kid": ["x"]}),
        json!({"alg": "ES256", "kid": {"x": 1}}),
        json!({"alg": ["ES256"]}),
        json!({"kid": "x"}),
        json!(["ES256"]),
        json!("ES256"),
    ] {
        let other = forged(&token, &header, signature);
        assert_eq!(bench.refusal(&other), TokenError::Malformed, "{header}");
    }
    let twice = BASE64.encode(r#"{"alg":"none","alg":"ES256"}"#);
    let claims = token.split('.').nth(1).unwrap();
    let twice = format!("{twice}.{claims}.{signature}");
    assert_eq!(bench.refusal(&twice), TokenError::Malformed);

    let signed = token.rsplit_once('.').unwrap().0;
    let raw = BASE64.decode(signature).unwrap();
    let order = [vec![0; 32], vec![0xff; 32]].concat();
    for wrong in [
        vec![],
        vec![0; 64],
        vec![0xff; 64],
        order,
        raw[..63].to_vec(),
        [raw.clone(), vec![0]].concat(),
        [&raw[32..], &raw[..32]].concat(),
        [&[0x30, 0x44, 2, 32], &raw[..32], &[2, 32], &raw[32..]].concat(),
    ] {
        let other = format!("{signed}.{}", BASE64.encode(&wrong));
        let refused = bench.refusal(&other);
        assert_eq!(refused, TokenError::Signature, "{wrong:?}");
    }
    for other in [
        format!("{token}="),
        format!("{token}=="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{token}.{signature}"),
        token.replace('.', ".."),
        token.replace('.', "%2e"),
    ] {
        assert_eq!(bench.refusal(&other), TokenError::Malformed, "{other}");
    }
    assert!(bench.verifier.verify(&token, NOW_MS).is_ok());
}

#[tokio::test]
async fn damaged_tokens_are_refused() {
    let bench = Bench::new().await;
    let token = bench.token();
    for end in 0..token.len() {
        assert!(
            bench.verifier.verify(&token[..end], NOW_MS).is_err(),
            "{end}"
        );
    }
    let claims_at = token.find('.').unwrap() + 5;
    let mut changed = token.clone().into_bytes();
    changed[claims_at] ^= 1;
    assert!(
        bench
            .verifier
            .verify(&String::from_utf8(changed).unwrap(), NOW_MS)
            .is_err()
    );
    for garbage in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "\u{0}",
        "ä.ö.ü",
        &format!("{token}."),
        " ",
    ] {
        assert_eq!(bench.refusal(garbage), TokenError::Malformed, "{garbage}");
    }
    let long = "a".repeat(5 << 20);
    assert_eq!(bench.refusal(&long), TokenError::TooLong);
    let mut cache = TokenCache::new(Arc::new(bench.verifier));
    assert_eq!(cache.verify(&long, NOW_MS), Err(TokenError::TooLong));
}

#[tokio::test]
async fn the_cache_is_bounded_and_right() {
    let bench = Bench::new().await;
    let mut cache = TokenCache::new(Arc::new(bench.verifier.clone()));
    let tokens: Vec<String> = (0..200).map(|_| bench.token()).collect();
    for token in tokens.iter().chain(&tokens) {
        let caller = cache.verify(token, NOW_MS).unwrap();
        assert_eq!(caller, bench.verifier.verify(token, NOW_MS).unwrap());
    }
    assert_eq!(cache.len(), 200);
    assert!(cache.verify(&format!("{}x", tokens[0]), NOW_MS).is_err());
    // The same end, and so the same hash.
    assert!(
        cache
            .verify(&format!("x{}", &tokens[0][1..]), NOW_MS)
            .is_err()
    );
    assert_eq!(cache.len(), 200, "refused tokens take no room");
}

#[tokio::test]
async fn a_full_set_drops_the_least_recently_used() {
    let mut ways = [const { None }; 3];
    let caller = |id| Caller {
        subaccount: SubaccountId::from_uuid(Uuid::from_u128(id)),
        expires_at_ms: 0,
    };
    for id in 0..3 {
        cache::remember(&mut ways, id, "token", caller(u128::from(id)));
    }
    assert_eq!(cache::recall(&mut ways, 0, "token"), Some(caller(0)));
    cache::remember(&mut ways, 3, "token", caller(3));
    assert_eq!(cache::recall(&mut ways, 1, "token"), None);
    for id in [0, 2, 3] {
        let found = cache::recall(&mut ways, id, "token");
        assert_eq!(found, Some(caller(u128::from(id))));
    }
}

#[test]
fn tokens_with_the_same_hash_are_not_the_same() {
    let mut ways = [const { None }; 2];
    let caller = Caller {
        subaccount: SubaccountId::from_uuid(Uuid::from_u128(1)),
        expires_at_ms: 0,
    };
    cache::remember(&mut ways, 7, "one", caller);
    assert_eq!(cache::recall(&mut ways, 7, "other"), None);
    assert_eq!(cache::recall(&mut ways, 7, "one"), Some(caller));
}

#[tokio::test]
async fn changes_of_tenants_clear_the_cache() {
    let bench = Bench::new().await;
    let mut cache = TokenCache::new(Arc::new(bench.verifier.clone()));
    cache.verify(&bench.token(), NOW_MS).unwrap();
    let other = SubaccountId::from_uuid(Uuid::from_u128(10));
    bench
        .directory
        .add_subaccount(other, "other", 0)
        .await
        .unwrap();
    cache.verify(&bench.token(), NOW_MS).unwrap();
    assert_eq!(cache.len(), 1);
}

#[test]
fn the_key_is_made_once_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let missing = SigningKeys::load(folder.path()).unwrap_err();
    assert!(missing.to_string().contains("underpass-gateway serve"));
    let first = SigningKeys::load_or_create(folder.path(), 0).unwrap();
    let second = SigningKeys::load_or_create(folder.path(), 0).unwrap();
    assert_eq!(first.jwks(), second.jwks());
    let path = folder.path().join(SIGNING_KEYS_FILE);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    underpass_runtime::file::replace(&path, b"rubbish").unwrap();
    assert!(matches!(
        SigningKeys::load_or_create(folder.path(), 0),
        Err(KeyError::Key)
    ));
}

#[test]
fn public_forms_agree() {
    let keys = key();
    let key = keys.signing(0);
    let jwks = keys.jwks();
    let jwk = &jwks["keys"][0];
    for (field, value) in [
        ("kty", "EC"),
        ("crv", "P-256"),
        ("alg", "ES256"),
        ("use", "sig"),
    ] {
        assert_eq!(jwk[field], value);
    }
    assert_eq!(jwk["kid"], key.kid());
    let pem = key.public_pem();
    assert_eq!(jwk["value"], pem);
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(body)
        .unwrap();
    let point = [jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap()]
        .map(|half| BASE64.decode(half).unwrap())
        .concat();
    assert_eq!((der.len(), &der[27..]), (91, point.as_slice()));
}
