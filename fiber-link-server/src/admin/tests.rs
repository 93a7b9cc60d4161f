use super::route::{Method, ROUTES};
use super::*;
use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use fiber_link_core::testing::{FakeNode, ManualClock};
use fiber_link_core::{
    AppId, Credential, Email, Grant, LogInTry, MemoryStore, Operator, Password, PasswordHash, PasswordProved,
    Reason, Secret, Timestamp, TokenAccess, TokenScope,
};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

const PASSWORD: &str = "correct horse battery";

/// Each route with an example of what is sent, and who may: S a super admin, C the community admin of
/// the app, c that of another app, A an auditor of the hub, a one of the app, R a token of the super
/// admin that reads, T one that changes. Where a `*` stands, the example names a withdrawal that is not
/// there, and whoever may not is told no more than that.
const ASKED: &[(&str, &str, &str, &str)] = &[
    ("POST", "/log-out", "{}", "S C c A a"),
    ("GET", "/me", "", "S C c A a R T"),
    ("POST", "/me/password", r#"{"password":"wrong","newPassword":"twelve letters"}"#, ""),
    ("POST", "/me/codes", r#"{"password":"correct horse battery"}"#, "S C c A a"),
    ("POST", "/me/codes/confirm", r#"{"code":"000000"}"#, "S C c A a"),
    ("POST", "/me/codes/end", r#"{"password":"correct horse battery","code":"000000"}"#, "S C c A a"),
    (
        "POST",
        "/me/tokens",
        r#"{"name":"mine","access":"read","days":1,"password":"correct horse battery"}"#,
        "S C c A a",
    ),
    ("POST", "/me/tokens/{number}/retire", "{}", "S C c A a"),
    ("GET", "/administrators", "", "S A R T"),
    ("POST", "/administrators", r#"{"email":"new@example.org","reason":"why"}"#, "S T"),
    ("GET", "/administrators/{email}", "", "S A R T"),
    ("POST", "/administrators/{email}/grant", r#"{"role":"AUDITOR","reason":"why"}"#, "S T"),
    ("POST", "/administrators/{email}/revoke", r#"{"role":"AUDITOR","reason":"why"}"#, "S T"),
    ("POST", "/administrators/{email}/reset", r#"{"reason":"why"}"#, "S T"),
    ("GET", "/apps", "", "S C c A a R T"),
    ("POST", "/apps", r#"{"appId":"third","reason":"why"}"#, "S T"),
    ("GET", "/apps/{app}", "", "S C A a R T"),
    ("POST", "/apps/{app}/rotate", r#"{"reason":"why"}"#, "S C T"),
    ("POST", "/apps/{app}/secrets/{number}/retire", r#"{"reason":"why"}"#, "S C T"),
    ("POST", "/apps/{app}/pause", r#"{"what":"tips","reason":"why"}"#, "S C T"),
    ("POST", "/apps/{app}/resume", r#"{"what":"tips","reason":"why"}"#, "S C T"),
    ("POST", "/apps/{app}/close", r#"{"reason":"why"}"#, "S T"),
    ("GET", "/apps/{app}/paused-users", "", "S C A a R T"),
    ("POST", "/apps/{app}/users/{user}/pause", r#"{"what":"all","reason":"why"}"#, "S C T"),
    ("POST", "/apps/{app}/users/{user}/resume", r#"{"what":"all","reason":"why"}"#, "S C T"),
    ("GET", "/apps/{app}/policies/{asset}", "", "S C A a R T"),
    ("POST", "/apps/{app}/policies/{asset}", r#"{"tipMinimum":"1","reason":"why"}"#, "S C T"),
    ("POST", "/apps/{app}/policies/{asset}/preview", r#"{"tipMinimum":"1"}"#, "S C A a R T"),
    ("GET", "/apps/{app}/policies/{asset}/versions", "", "S C A a R T"),
    ("GET", "/apps/{app}/reviews", "", "S C A a R T"),
    ("POST", "/withdrawals/{id}/approve", r#"{"reason":"why"}"#, "S C T *"),
    ("POST", "/withdrawals/{id}/reject", r#"{"reason":"why"}"#, "S C T *"),
    ("POST", "/withdrawals/{id}/release", r#"{"reason":"why"}"#, "S T"),
    ("GET", "/switches", "", "S A R T"),
    ("POST", "/pause", r#"{"what":"all","reason":"why"}"#, "S T"),
    ("POST", "/resume", r#"{"what":"all","reason":"why"}"#, "S T"),
    ("GET", "/tips", "", "S C c A a R T"),
    ("GET", "/withdrawals", "", "S C c A a R T"),
    ("GET", "/entries", "", "S C c A a R T"),
    ("GET", "/find", "", "S C c A a R T"),
    ("GET", "/explain/{id}", "", "S C c A a R T"),
    ("GET", "/audit-records", "", "S C c A a R T"),
    ("POST", "/secrets/reseal", r#"{"reason":"why"}"#, "S T"),
    ("POST", "/secrets/backfill", "{}", "S T"),
    ("POST", "/log-in", "{}", "everybody"),
];

/// Who asks, and what proves it.
struct Person {
    letter: &'static str,
    credential: Credential,
}

struct Hub {
    service: TowerToHyperService<Router>,
    people: Vec<Person>,
}

struct Answer {
    status: StatusCode,
    body: Value,
    cookie: Option<String>,
}

fn app(id: &str) -> AppId {
    AppId::new(id).unwrap()
}

fn why() -> Reason {
    Reason::new("why not").unwrap()
}

/// Hashed once: it takes its time.
fn hash() -> PasswordHash {
    static HASH: OnceLock<PasswordHash> = OnceLock::new();
    HASH.get_or_init(|| PasswordHash::of(&Password::new(PASSWORD).unwrap()).unwrap()).clone()
}

/// Proved once for each: all hubs have the same hash.
fn proved(tried: LogInTry, email: &Email) -> PasswordProved {
    static PROVED: Mutex<Vec<(Email, PasswordProved)>> = Mutex::new(Vec::new());
    let mut known = PROVED.lock().unwrap();
    if let Some((_, proved)) = known.iter().find(|(known, _)| known == email) {
        return proved.clone();
    }
    let proved = tried.prove(PASSWORD).unwrap();
    known.push((email.clone(), proved.clone()));
    proved
}

fn email(name: &str) -> Email {
    Email::new(&format!("{name}@example.org")).unwrap()
}

impl Hub {
    /// With two apps, and one of each who may ask.
    async fn new() -> Self {
        let clock = ManualClock::new(Timestamp::from_seconds(1_760_000_000));
        let node = FakeNode::new(clock.clone());
        let builder = FiberLink::builder(Arc::new(MemoryStore::new()), Arc::new(node));
        let link = builder.clock(Arc::new(clock)).open().await.unwrap();
        let owner = link.administration(Operator { name: "root".to_owned(), origin: "test".to_owned() });
        for id in ["forum", "other"] {
            owner.create_app(app(id), id, &Secret::new(*b"a secret of the app"), &why()).await.unwrap();
        }
        let grants = [
            ("S", vec![Grant::SuperAdmin]),
            ("C", vec![Grant::CommunityAdmin(app("forum"))]),
            ("c", vec![Grant::CommunityAdmin(app("other"))]),
            ("A", vec![Grant::Auditor]),
            ("a", vec![Grant::AppAuditor(app("forum"))]),
        ];
        let mut people = Vec::new();
        for (letter, grants) in grants {
            let email = email(&format!("{letter}-{}", people.len().saturating_add(1)));
            owner.create_administrator(email.clone(), hash(), grants, &why()).await.unwrap();
            let proved = proved(link.access().begin_log_in(email.clone()).await.unwrap(), &email);
            let (credential, _) = link.access().log_in(&proved, None, "test").await.unwrap();
            people.push(Person { letter, credential });
            if letter == "S" {
                for (letter, access) in [("R", TokenAccess::Read), ("T", TokenAccess::Change)] {
                    let (scope, lasts) = (TokenScope { access, app: None }, Duration::from_secs(3600));
                    let made = owner.create_token_for(&email, letter, scope, lasts, &why()).await.unwrap();
                    people.push(Person { letter, credential: made.0 });
                }
            }
        }
        let environment = SecretMap::parse(ENVIRONMENT).unwrap();
        let router = router(link, environment).layer(Extension(Peer(Ipv4Addr::LOCALHOST.into())));
        Self { service: TowerToHyperService::new(router), people }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.service.call(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let cookie = head.headers.get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
        Answer { status: head.status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), cookie }
    }

    /// As somebody, or as nobody.
    async fn ask(&self, who: Option<&Person>, method: &str, path: &str, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/admin/v1{path}"));
        if method == "POST" {
            request = request.header("content-type", "application/json");
        }
        if let Some(Person { credential, .. }) = who {
            request = match credential.expose() {
                text if text.starts_with("fls_") => request
                    .header("cookie", format!("other=1; {}={text}", call::COOKIE))
                    .header("x-csrf-token", credential.csrf_token()),
                text => request.header("authorization", format!("Bearer {text}")),
            };
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    fn person(&self, letter: &str) -> &Person {
        self.people.iter().find(|person| person.letter == letter).unwrap()
    }
}

/// What apps have in the environment of the server.
const ENVIRONMENT: &str = r#"{"forum":"canary of the forum","shop":"canary of the shop"}"#;

/// A path of the table, about the forum.
fn about(path: &str, app: &str) -> String {
    let path = path.replace("{app}", app).replace("{user}", "alice").replace("{asset}", "CKB");
    path.replace("{id}", "0199c8a0-0000-7000-8000-000000000000")
        .replace("{number}", "99")
        .replace("{email}", "a-7@example.org")
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_names_and_nobody_else() {
    let routes: Vec<_> = ROUTES
        .iter()
        .map(|route| (if route.method == Method::Post { "POST" } else { "GET" }, route.path))
        .collect();
    assert_eq!(routes, ASKED.iter().map(|(method, path, ..)| (*method, *path)).collect::<Vec<_>>());
    for (method, path, body, who) in ASKED.iter().filter(|(.., who)| *who != "everybody") {
        // What is sent may end a session or an app: each route has a hub of its own.
        let hub = Hub::new().await;
        let about_forum = about(path, "forum");
        let nobody = hub.ask(None, method, &about_forum, body).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "nobody: {method} {path}");
        for person in &hub.people {
            let hub = Hub::new().await;
            let person = hub.person(person.letter);
            let answer = hub.ask(Some(person), method, &about_forum, body).await;
            let (letter, status) = (person.letter, answer.status);
            let allowed = who.split(' ').any(|allowed| allowed == letter);
            let sees = letter != "c" || !path.contains("{app}");
            match (allowed, sees) {
                (true, _) => assert!(
                    ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status),
                    "{letter}: {method} {path}: {status} {}",
                    answer.body
                ),
                (false, _) if who.ends_with('*') => {
                    assert_eq!(status, StatusCode::NOT_FOUND, "{letter}: {path}");
                }
                (false, false) => assert_eq!(status, StatusCode::NOT_FOUND, "{letter}: {method} {path}"),
                (false, true) if *path == "/me/password" && !["R", "T"].contains(&letter) => {
                    assert_eq!(answer.body["error"]["code"], "UNAUTHENTICATED", "a wrong password");
                }
                (false, true) => assert_eq!(status, StatusCode::FORBIDDEN, "{letter}: {method} {path}"),
            }
            assert!(status.as_u16() < 500, "{letter}: {method} {path}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_app_of_others_is_as_one_that_is_not_there() {
    let hub = Hub::new().await;
    for (method, path, body, _) in ASKED.iter().filter(|(_, path, ..)| path.contains("{app}")) {
        for letter in ["C", "a"] {
            let person = Some(hub.person(letter));
            let foreign = hub.ask(person, method, &about(path, "other"), body).await;
            let missing = hub.ask(person, method, &about(path, "missing"), body).await;
            let no_name = hub.ask(person, method, &about(path, &"x".repeat(300)), body).await;
            assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{letter}: {method} {path}");
            assert_eq!(foreign.body, missing.body, "{letter}: {method} {path}");
            assert_eq!(foreign.body, no_name.body, "{letter}: {method} {path}");
        }
    }
    let apps = hub.ask(Some(hub.person("C")), "GET", "/apps", "").await.body;
    assert_eq!(apps["items"].as_array().unwrap().len(), 1);
    assert_eq!(apps["items"][0]["appId"], "forum");
}

#[tokio::test]
async fn a_change_by_a_session_needs_the_token_of_its_page() {
    let hub = Hub::new().await;
    let (ann, other) = (hub.person("S"), hub.person("C"));
    let body = r#"{"what":"tips","reason":"why"}"#;
    let with = |token: Option<String>, site: Option<&str>| {
        let mut request = Request::post("/admin/v1/pause")
            .header("content-type", "application/json")
            .header("cookie", format!("{}={}", call::COOKIE, ann.credential.expose()));
        if let Some(token) = token {
            request = request.header("x-csrf-token", token);
        }
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        hub.send(request.body(Body::from(body)).unwrap())
    };
    let own = || Some(ann.credential.csrf_token());
    for (token, site) in [
        (None, None),
        (Some(String::new()), None),
        (Some(other.credential.csrf_token()), None),
        (own(), Some("cross-site")),
        (own(), Some("same-site")),
    ] {
        let answer = with(token, site).await;
        assert_eq!((answer.status, &answer.body["error"]["code"]), (StatusCode::FORBIDDEN, &json!("CSRF")));
    }
    assert_eq!(hub.ask(Some(ann), "GET", "/switches", "").await.body["tipsPaused"], false);
    assert_eq!(with(own(), Some("same-origin")).await.status, StatusCode::OK);
    let form = Request::post("/admin/v1/pause")
        .header("content-type", "text/plain")
        .header("cookie", format!("{}={}", call::COOKIE, ann.credential.expose()))
        .header("x-csrf-token", ann.credential.csrf_token());
    let form = hub.send(form.body(Body::from(body)).unwrap()).await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_log_in_sets_a_cookie_that_stays_in_its_place() {
    let hub = Hub::new().await;
    let sent = json!({ "email": "S-1@example.org", "password": PASSWORD }).to_string();
    let answer = hub.ask(Some(hub.person("C")), "POST", "/log-in", &sent).await;
    assert_eq!((answer.status, &answer.body["email"]), (StatusCode::OK, &json!("s-1@example.org")));
    let cookie = answer.cookie.unwrap();
    let session = cookie.strip_prefix("__Host-fiber-link=").unwrap().split(';').next().unwrap();
    assert!(session.starts_with("fls_"), "{cookie}");
    assert_ne!(session, hub.person("C").credential.expose(), "never the session that came");
    for part in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert!(!answer.body.to_string().contains(session));
    let token: Credential = session.parse().unwrap();
    assert_eq!(answer.body["csrfToken"], token.csrf_token());
}

#[tokio::test]
async fn wrong_log_ins_look_alike_and_are_bounded_by_address() {
    let hub = Hub::new().await;
    let log_in = |email: &str, password: &str| {
        let sent = json!({ "email": email, "password": password }).to_string();
        let hub = &hub;
        async move { hub.ask(None, "POST", "/log-in", &sent).await }
    };
    let wrong = log_in("S-1@example.org", "not the password").await;
    let unknown = log_in("nobody@example.org", "not the password").await;
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let mut last = wrong.status;
    for n in 0..40 {
        last = log_in(&format!("nobody-{n}@example.org"), "not the password").await.status;
        if last == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(log_in("S-1@example.org", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_log_in_without_a_body_is_counted_too() {
    let hub = Hub::new().await;
    let mut told = Vec::new();
    for _ in 0..21 {
        told.push(hub.ask(None, "POST", "/log-in", "nonsense").await.status);
    }
    assert_eq!((told[0], told[20]), (StatusCode::BAD_REQUEST, StatusCode::TOO_MANY_REQUESTS));
}

#[tokio::test]
async fn no_answer_holds_a_secret_that_was_sent() {
    let asked = [
        ("/apps", r#"{"appId":"third","reason":"why","secret":"#),
        ("/apps", r#"{"appId":7,"secret":"#),
        ("/apps/forum/rotate", r#"{"reason":"why","secret":"#),
        ("/me/password", r#"{"newPassword":"twelve letters","password":"#),
        ("/me/password", r#"{"password":"correct horse battery","newPassword":"#),
        ("/me/codes/confirm", r#"{"code":"#),
        ("/me/codes/end", r#"{"code":"#),
        ("/log-in", r#"{"email":"s-1@example.org","password":"#),
        ("/log-in", r#"{"email":"s-1@example.org","password":"not the password","code":"#),
        ("/log-in", r#"{"email":"s-1@example.org","code":"#),
    ];
    let hub = Hub::new().await;
    for (path, body) in asked {
        for sent in [json!("73317"), json!(73317), json!("73317".repeat(900)), json!([73317]), json!(true)] {
            let body = format!("{body}{sent}}}");
            let answer = hub.ask(Some(hub.person("S")), "POST", path, &body).await;
            assert!(!answer.body.to_string().contains("73317"), "{path}: {}", answer.body);
            let issues = answer.body["error"]["issues"].as_array().cloned().unwrap_or_default();
            let of_secret = issues.iter().filter(|issue| issue["field"] != "appId");
            assert!(of_secret.into_iter().all(|issue| issue.get("got").is_none()), "{path}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_policy_is_changed_by_the_names_of_its_rules() {
    let hub = Hub::new().await;
    let ann = Some(hub.person("S"));
    let path = "/apps/forum/policies/CKB";
    assert_eq!(hub.ask(ann, "GET", path, "").await.body["version"], Value::Null);
    let change = r#"{"tipMinimum":"1.5","reviewAbove":"100","twoPeopleAbove":"1000","cooldown":"30s",
        "withdrawals":false,"feeMillionths":5000,"reason":"why"}"#;
    let set = hub.ask(ann, "POST", path, change).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.body);
    let told = &set.body;
    for (field, value) in [
        ("version", json!(1)),
        ("tipMinimum", json!("1.5")),
        ("reviewAbove", json!("100")),
        ("twoPeopleAbove", json!("1000")),
        ("cooldown", json!("30s")),
        ("withdrawals", json!(false)),
        ("feeMillionths", json!(5000)),
        ("tips", json!(true)),
        ("tipMaximum", Value::Null),
        ("reason", json!("why")),
    ] {
        assert_eq!(told[field], value, "{field}: {told}");
    }
    assert_eq!(hub.ask(ann, "GET", path, "").await.body, *told);
    let mut back = told.clone();
    for about in ["version", "setAt", "setBy"] {
        back.as_object_mut().unwrap().remove(about);
    }
    let same = hub.ask(ann, "POST", path, &back.to_string()).await.body;
    for field in back.as_object().unwrap().keys() {
        assert_eq!(same[field], told[field], "what was shown can be sent back: {field}");
    }
    let community =
        hub.ask(Some(hub.person("C")), "POST", path, r#"{"feeBearer":"hub","reason":"why"}"#).await;
    assert_eq!(community.status, StatusCode::FORBIDDEN, "fees are the hub's money");
    for weaker in [r#"{"reviewAbove":false,"reason":"why"}"#, r#"{"twoPeopleAbove":"2000","reason":"why"}"#] {
        let weaker = hub.ask(Some(hub.person("C")), "POST", path, weaker).await;
        assert_eq!(weaker.status, StatusCode::FORBIDDEN, "{}", weaker.body);
    }
    for (body, field) in [
        (r#"{"tipMinimun":"1","reason":"why"}"#, "tipMinimun"),
        (r#"{"tipMinimum":"much","reason":"why"}"#, "tipMinimum"),
        (r#"{"feeBearer":"nobody","reason":"why"}"#, "feeBearer"),
        (r#"{"feeMillionths":-1,"reason":"why"}"#, "feeMillionths"),
        (r#"{"cooldown":["x"],"reason":"why"}"#, "cooldown"),
    ] {
        let refused = hub.ask(ann, "POST", path, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.body["error"]["issues"][0]["field"], field, "{}", refused.body);
    }
    let versions = hub.ask(ann, "GET", &format!("{path}/versions"), "").await.body;
    assert_eq!(versions["items"].as_array().unwrap().len(), 2, "what was refused changed nothing");
    let preview = hub.ask(ann, "POST", &format!("{path}/preview"), r#"{"tipMinimum":"2"}"#).await.body;
    assert_eq!(preview["tips"]["lookedAt"], 0);
    let unknown = hub.ask(ann, "GET", "/apps/forum/policies/DOGE", "").await;
    assert_eq!(
        (unknown.status, &unknown.body["error"]["issues"][0]["field"]),
        (StatusCode::BAD_REQUEST, &json!("asset"))
    );
}

#[tokio::test]
async fn wrong_fields_are_named_with_what_came() {
    let hub = Hub::new().await;
    let answer = hub.ask(Some(hub.person("S")), "POST", "/apps/forum/pause", r#"{"what":"cats"}"#).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let issues = json!([
        { "field": "what", "message": "must be one of tips, withdrawals, all", "got": "cats" },
        { "field": "reason", "message": "is required" },
    ]);
    assert_eq!(answer.body["error"]["issues"], issues);
    for body in ["", "[]", "nonsense", r#"{"what":"#] {
        let answer = hub.ask(Some(hub.person("S")), "POST", "/pause", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.body);
    }
    let missing = hub.ask(Some(hub.person("S")), "GET", "/nothing", "").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let method = hub.ask(Some(hub.person("S")), "DELETE", "/me", "").await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn secrets_of_the_environment_are_put_into_the_store_when_that_is_said_and_never_told() {
    let hub = Hub::new().await;
    let ann = Some(hub.person("S"));
    let ask = async |body: &str| hub.ask(ann, "POST", "/secrets/backfill", body).await;
    let items = |forum: &str, shop: &str, applied: bool| {
        json!({ "items": [
            { "appId": "forum", "state": forum, "applied": applied },
            { "appId": "shop", "state": shop, "applied": applied },
        ] })
    };
    for body in ["{}", r#"{"apply":false}"#] {
        assert_eq!(ask(body).await.body, items("update", "missing", false));
    }
    assert_eq!(ask(r#"{"apply":true}"#).await.body["error"]["issues"][0]["field"], "reason");
    assert_eq!(ask(r#"{"apply":"yes"}"#).await.body["error"]["issues"][0]["field"], "apply");
    assert_eq!(ask(r#"{"apply":true,"reason":"why"}"#).await.body, items("update", "missing", true));
    assert_eq!(ask(r#"{"apply":true,"reason":"why"}"#).await.body, items("unchanged", "unchanged", false));
    let records = hub.ask(ann, "GET", "/audit-records?limit=2", "").await.body.to_string();
    assert!(records.contains("app.add_secret") && records.contains("app.create"), "{records}");
    assert!(!records.contains("canary"), "{records}");
}
