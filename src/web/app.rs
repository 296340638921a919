//! The routes, and what every answer has in common.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use crate::store::Public;
use crate::subscriber::Keys;
use crate::web::client::Client;
use crate::web::door::Door;
use crate::web::files::{self, Files};
use crate::web::index::Index;
use crate::web::limits::Count;
use crate::web::metrics::{Metrics, Route};
use crate::web::{Log, Parts, Settings, account, confirm, leave, preferences, subscribe, webhook};

/// What all requests share.
pub(super) struct App {
    pub(super) settings: Settings,
    pub(super) store: Public,
    pub(super) keys: Arc<Keys>,
    pub(super) templates: crate::render::Templates,
    pub(super) clock: crate::web::Clock,
    pub(super) log: Log,
    pub(super) index: Index,
    pub(super) desk: webhook::Desk,
    pub(super) files: Files,
    metrics: Arc<Metrics>,
    /// The way in, where there is one.
    pub(super) door: Option<Door>,
    /// Who came in of late.
    counted: Count,
    /// The page for a crowd.
    pub(super) crowded: OnceLock<Bytes>,
    /// What pages of the archive may load, besides what is beside them.
    policy: HeaderValue,
}

/// Put beside an answer that is a file of the archive: its path, for the log, and
/// what it is.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) path: String,
    pub(super) route: Route,
}

/// What pages about a person may load: their style, a logo, and nothing else.
const STRICT: &str = "default-src 'none'; style-src 'self'; img-src 'self' https:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

impl App {
    pub(super) fn new(parts: Parts) -> App {
        App::counting(parts, Arc::default(), Count::default())
    }

    /// With other parts, after one that counted already.
    pub(super) fn following(parts: Parts, before: &App) -> App {
        App::counting(
            parts,
            Arc::clone(&before.metrics),
            Arc::clone(&before.counted),
        )
    }

    fn counting(parts: Parts, metrics: Arc<Metrics>, counted: Count) -> App {
        let keys = Arc::new(parts.keys);
        let settings = parts.settings;
        let sheet = settings.look.accent.styled(parts.templates.stylesheet());
        let origin = settings.newsletter.url.origin().ascii_serialization();
        let server = settings.url.origin().ascii_serialization();
        let policy = format!(
            "default-src 'none'; style-src 'self' {origin}; style-src-attr 'unsafe-inline'; \
             img-src 'self' https: data:; media-src 'self' https:; font-src 'self' {origin}; \
             form-action 'self' {server}; base-uri 'none'; frame-ancestors 'none'"
        );
        App {
            index: Index::new(parts.store.clone(), Arc::clone(&keys)),
            files: Files::new(settings.public.clone(), sheet),
            metrics,
            policy: HeaderValue::try_from(policy).expect("an origin is ASCII"),
            desk: webhook::Desk::new(parts.webhooks),
            door: parts.door.map(|door| Door::new(door, Arc::clone(&counted))),
            counted,
            crowded: OnceLock::new(),
            store: parts.store,
            keys,
            templates: parts.templates,
            clock: parts.clock,
            log: parts.log,
            settings,
        }
    }

    /// The path of the server's root, such as `/` or `/weekly/`.
    pub(super) fn base(&self) -> &str {
        self.settings.url.path()
    }

    /// A line about trouble.
    pub(super) fn trouble(&self, error: &dyn std::error::Error) {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            words = format!("{words}: {error}");
            cause = error.source();
        }
        (self.log)(&format!("error=\"{}\"", words.replace(['"', '\n'], "'")));
    }

    /// The path below the root, whether or not the web server in front has
    /// taken the root's own path away.
    fn below(&self, uri: &Uri) -> Option<Uri> {
        let bases = [self.base(), self.settings.newsletter.url.path()];
        let path = uri.path();
        let rest = bases
            .into_iter()
            .filter(|base| *base != "/")
            .find_map(|base| {
                path.strip_prefix(base.trim_end_matches('/'))
                    .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            })?;
        let rest = if rest.is_empty() { "/" } else { rest };
        match uri.query() {
            Some(query) => format!("{rest}?{query}").parse().ok(),
            None => rest.parse().ok(),
        }
    }
}

/// The server's answers, from a request to its answer.
#[derive(Clone)]
pub(super) struct Answers {
    app: Arc<App>,
    routes: TowerToHyperService<Router>,
}

impl Answers {
    pub(super) fn new(app: Arc<App>) -> Answers {
        let routes = Router::new()
            .route("/healthz", get(health))
            .route("/metrics", get(metrics))
            .route(
                "/subscribe",
                get(subscribe::show)
                    .post(subscribe::act)
                    .options(subscribe::preflight),
            )
            .route("/account/{token}", get(account::show).post(account::act))
            .route("/confirm/{token}", get(confirm::show).post(confirm::act))
            .route("/unsubscribe/{token}", get(leave::show).post(leave::act))
            .route(
                "/preferences/{token}",
                get(preferences::show).post(preferences::act),
            )
            .route("/webhooks/{service}/{secret}", post(webhook::take))
            .fallback(files::file)
            .with_state(Arc::clone(&app));
        Answers {
            app,
            routes: TowerToHyperService::new(routes),
        }
    }

    /// Answers one request, which came from `peer`. Handlers find whose it is as
    /// an extension: [`Client`].
    pub(super) async fn answer(&self, peer: IpAddr, mut request: Request) -> Response {
        let since = Instant::now();
        let forwarders = &self.app.settings.forwarders;
        let client = forwarders.client(peer, request.headers());
        request.extensions_mut().insert(client);
        if let Some(below) = self.app.below(request.uri()) {
            *request.uri_mut() = below;
        }
        let method = known(request.method());
        let place = place(request.uri().path());
        let first = request.uri().path().split('/').nth(1);
        let named = first.and_then(Route::named);
        let Ok(mut response) = self.routes.call(request).await;
        self.seal(place, response.headers_mut());
        let served = response.extensions().get::<Served>();
        let (place, route) = match (place, served) {
            (Some(place), _) => (place, named.unwrap_or(Route::Missing)),
            (None, Some(served)) => (served.path.as_str(), served.route),
            // What nobody wrote may hold anything: an address, half a token.
            (None, None) => ("?", named.unwrap_or(Route::Missing)),
        };
        let status = response.status();
        self.app.metrics.count(route, status, since.elapsed());
        let now = (self.app.clock)().format("%Y-%m-%dT%H:%M:%SZ");
        (self.app.log)(&format!(
            "at={now} method={method} path={place} status={} ms={}",
            status.as_u16(),
            since.elapsed().as_millis()
        ));
        response
    }

    /// What every answer says to browsers.
    fn seal(&self, place: Option<&str>, headers: &mut HeaderMap) {
        let set = |headers: &mut HeaderMap, name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(headers, header::X_FRAME_OPTIONS, "DENY");
        let of_archive = place.is_none() && !headers.contains_key(header::CONTENT_SECURITY_POLICY);
        if of_archive {
            headers.insert(header::CONTENT_SECURITY_POLICY, self.app.policy.clone());
            let referrer = "strict-origin-when-cross-origin";
            set(headers, header::REFERRER_POLICY, referrer);
        } else {
            set(headers, header::CONTENT_SECURITY_POLICY, STRICT);
            set(headers, header::REFERRER_POLICY, "no-referrer");
            set(headers, header::CACHE_CONTROL, "no-store");
            let robots = HeaderName::from_static("x-robots-tag");
            set(headers, robots, "noindex");
        }
    }
}

/// How a path that is no file is called in the log: never with its token.
fn place(path: &str) -> Option<&'static str> {
    match path.split('/').nth(1) {
        Some("healthz") => Some("/healthz"),
        Some("metrics") => Some("/metrics"),
        Some("subscribe") => Some("/subscribe"),
        Some("account") => Some("/account/…"),
        Some("confirm") => Some("/confirm/…"),
        Some("unsubscribe") => Some("/unsubscribe/…"),
        Some("preferences") => Some("/preferences/…"),
        Some("webhooks") => Some("/webhooks/…"),
        _ => None,
    }
}

fn known(method: &Method) -> &'static str {
    let all = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
    ];
    let found = all.into_iter().find(|(other, _)| other == method);
    found.map_or("?", |(_, name)| name)
}

/// Its numbers, for those who may read them.
async fn metrics(State(app): State<Arc<App>>, Extension(client): Extension<Client>) -> Response {
    let Client(address) = client;
    if !app.settings.metrics.iter().any(|one| one.holds(address)) {
        return app.missing();
    }
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], app.metrics.text()).into_response()
}

/// Whether the server can do its work.
async fn health(State(app): State<Arc<App>>) -> Response {
    match app.store.former(i64::MAX, 1).await {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => {
            app.trouble(&error);
            (StatusCode::SERVICE_UNAVAILABLE, Body::from("store\n")).into_response()
        }
    }
}
