//! The HTTP surface: routes, tenants, and one file per group of end points. Only this folder
//! knows HTTP types; everything below it is asked in its own words.

mod envelope;
mod labels;
mod metrics;
mod number;
mod params;
mod query;
mod result_json;
mod status;
mod tenant;
mod write;

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::cors::CorsLayer;
use tracing::{info, warn};

use crate::app::App;

const COMPRESS_ABOVE_BYTES: u64 = 1024;
/// How long requests under way may take to finish once the process ends.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `ending` is cancelled and the requests under way are answered.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    ending: CancellationToken,
) -> Result<()> {
    let address = listener.local_addr()?;
    let server = axum::serve(listener, router(app))
        .with_graceful_shutdown(ending.clone().cancelled_owned())
        .into_future();
    info!(%address, "serving HTTP");
    info!("write  http://{address}/api/v1/write");
    info!("query  http://{address}/api/v1/query?query=hydrograph_build_info");
    info!("look   Grafana: a Prometheus data source with the URL http://{address}");
    let drained = async {
        ending.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = server => served?,
        () = drained => warn!("closing connections that have not finished"),
    }
    Ok(())
}

/// All routes over one running application.
fn router(app: Arc<App>) -> Router {
    let queries = Router::new()
        .route("/query", get(query::instant).post(query::instant))
        .route("/query_range", get(query::range).post(query::range))
        .route("/query_exemplars", get(status::query_exemplars).post(status::query_exemplars))
        .route("/series", get(labels::series).post(labels::series))
        .route("/labels", get(labels::names).post(labels::names))
        .route("/label/{name}/values", get(labels::values))
        .route("/metadata", get(status::metadata))
        .route("/rules", get(status::rules))
        .route("/status/buildinfo", get(status::build_info))
        .layer(CorsLayer::permissive());
    let writes = Router::new()
        .route("/write", post(write::remote_write))
        .route("/push", post(write::remote_write))
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .nest("/api/v1", queries.merge(writes))
        .route("/-/healthy", get(status::healthy))
        .route("/-/ready", get(status::ready))
        .route("/-/flush", post(status::flush))
        .route("/-/compact", post(status::compact))
        .route("/metrics", get(metrics::exposition))
        .fallback(status::not_found)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), metrics::observe))
        .layer(
            CompressionLayer::new()
                .gzip(true)
                .compress_when(DefaultPredicate::new().and(SizeAbove::new(COMPRESS_ABOVE_BYTES))),
        )
        .with_state(app)
}
