//! What a gateway has done, counted since its start.

use std::sync::atomic::AtomicU64;

/// Counters; whoever exports them reads them one by one.
#[derive(Debug, Default)]
pub struct GatewayStats {
    /// Requests that were begun.
    pub requests: AtomicU64,
    /// Requests refused because too many bytes were in flight.
    pub overloaded_requests: AtomicU64,
    /// Requests that were not a message of their format.
    pub malformed_requests: AtomicU64,
    /// Requests of which a part could not be logged.
    pub failed_requests: AtomicU64,
    /// Samples that are durable in the log.
    pub stored_samples: AtomicU64,
    /// Series refused for their labels.
    pub rejected_series: AtomicU64,
    /// Samples refused, also those of refused series.
    pub rejected_samples: AtomicU64,
    /// Native histograms that were not stored.
    pub unsupported_histograms: AtomicU64,
    /// Exemplars that were not stored.
    pub unsupported_exemplars: AtomicU64,
    /// Metric descriptions that were not stored.
    pub unsupported_metadata: AtomicU64,
    /// Write batches handed to the log.
    pub batches: AtomicU64,
    /// Their bytes.
    pub batch_bytes: AtomicU64,
    /// Write batches that the log did not take.
    pub failed_batches: AtomicU64,
}
