//! The server's own metrics: one registry, read by `/metrics` and by self-monitoring alike.
//! Components keep plain counters of their own; [`components`] turns them into families.

pub(crate) mod components;
pub(crate) mod self_monitoring;

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
};

const REQUEST_SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// The registry and the metrics that handlers write directly.
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
}

impl Metrics {
    /// An empty registry with the process' own metrics.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("hydrograph_http_requests_total", "Requests by route and status."),
            &["route", "status"],
        )?;
        let request_seconds = HistogramVec::new(
            HistogramOpts::new("hydrograph_http_request_duration_seconds", "Time of requests.")
                .buckets(REQUEST_SECONDS.to_vec()),
            &["route"],
        )?;
        let build_info = IntGaugeVec::new(
            Opts::new("hydrograph_build_info", "Always 1, labelled with the version."),
            &["version"],
        )?;
        build_info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let metrics = Self { registry, requests, request_seconds };
        metrics.register(metrics.requests.clone())?;
        metrics.register(metrics.request_seconds.clone())?;
        metrics.register(build_info)?;
        metrics.register(prometheus::process_collector::ProcessCollector::for_self())?;
        Ok(metrics)
    }

    fn register(&self, collector: impl Collector + 'static) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(collector))
    }

    /// Counts one answered request.
    pub(crate) fn observe_request(&self, route: &str, status: u16, seconds: f64) {
        self.requests.with_label_values(&[route, &status.to_string()]).inc();
        self.request_seconds.with_label_values(&[route]).observe(seconds);
    }

    /// The registry's families as they are now.
    pub(crate) fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }
}

/// Families in the text exposition format.
pub(crate) fn text(families: &[MetricFamily]) -> Result<Vec<u8>, prometheus::Error> {
    let mut out = Vec::new();
    TextEncoder::new().encode(families, &mut out)?;
    Ok(out)
}
