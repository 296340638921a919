//! Connections and the watch over the folder.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::desk::Parts;
use crate::desk::app::App;

/// Changes that wait to be read.
const QUEUE: usize = 1024;

/// Serves the desk, for as long as it is polled. Paths that changed come through `changes`;
/// what comes together is read together.
pub async fn serve(
    listener: TcpListener,
    parts: Parts,
    mut changes: mpsc::Receiver<BTreeSet<PathBuf>>,
) -> std::io::Result<()> {
    let app = Arc::new(App::new(parts));
    let reader = Arc::clone(&app);
    let reading = tokio::spawn(async move {
        while let Some(mut touched) = changes.recv().await {
            while let Ok(more) = changes.try_recv() {
                touched.extend(more);
                if touched.len() > QUEUE {
                    break;
                }
            }
            reader.reread(touched).await;
        }
    });
    let routes = Router::new().fallback(handle).with_state(app);
    let served = axum::serve(listener, routes).await;
    reading.abort();
    served
}

async fn handle(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    app.answer(request).await
}
