//! The server as its own first sender: its metrics, as series of tenant `anonymous`.
//!
//! Law: goes through the gateway as any other write does, so it is logged, limited and counted.

use hydrograph_storage::labels::{Labels, METRIC_NAME};
use prometheus::proto::{Metric, MetricFamily, MetricType};

/// What a scrape of `families` would have found: series with their present values, `job` and
/// `instance` added, and `up`.
pub(crate) fn scrape(families: &[MetricFamily], instance: &str) -> Vec<(Labels, f64)> {
    let mut scrape = Scrape { instance, series: Vec::new() };
    scrape.add("up", &[], None, 1.0);
    for family in families {
        for metric in family.get_metric() {
            scrape.add_metric(family.name(), family.get_field_type(), metric);
        }
    }
    scrape.series
}

struct Scrape<'a> {
    instance: &'a str,
    series: Vec<(Labels, f64)>,
}

impl Scrape<'_> {
    fn add_metric(&mut self, name: &str, kind: MetricType, metric: &Metric) {
        let own: Vec<(&str, &str)> =
            metric.get_label().iter().map(|pair| (pair.name(), pair.value())).collect();
        match kind {
            MetricType::COUNTER => {
                self.add(name, &own, None, metric.get_counter().get_value());
            }
            MetricType::HISTOGRAM => {
                let histogram = metric.get_histogram();
                for bucket in histogram.get_bucket() {
                    let bound = bucket.upper_bound().to_string();
                    let le = if bucket.upper_bound().is_infinite() { "+Inf" } else { &bound };
                    let count = bucket.cumulative_count() as f64;
                    self.add(&format!("{name}_bucket"), &own, Some(le), count);
                }
                let count = histogram.get_sample_count() as f64;
                self.add(&format!("{name}_bucket"), &own, Some("+Inf"), count);
                self.add(&format!("{name}_count"), &own, None, count);
                self.add(&format!("{name}_sum"), &own, None, histogram.get_sample_sum());
            }
            _ => self.add(name, &own, None, metric.get_gauge().get_value()),
        }
    }

    fn add(&mut self, name: &str, own: &[(&str, &str)], le: Option<&str>, value: f64) {
        let fixed = [("instance", self.instance), ("job", "hydrograph"), (METRIC_NAME, name)];
        let bound = le.map(|le| ("le", le));
        let pairs = own.iter().chain(&fixed).copied().chain(bound);
        self.series.push((Labels::from_pairs(pairs), value));
    }
}

#[cfg(test)]
mod tests {
    use super::scrape;
    use crate::metrics::Metrics;

    #[test]
    fn a_scrape_has_up_counters_and_histograms() {
        let metrics = Metrics::new().expect("a fresh registry takes all");
        metrics.observe_request("/api/v1/query", 200, 0.002);
        let series = scrape(&metrics.gather(), "here:1");
        let value = |wanted: &[(&str, &str)]| {
            let found = series
                .iter()
                .find(|(labels, _)| wanted.iter().all(|w| labels.get(w.0) == Some(w.1)));
            found.map(|(_, value)| *value)
        };
        let up = [("__name__", "up"), ("instance", "here:1"), ("job", "hydrograph")];
        assert_eq!(value(&up), Some(1.0));
        let requests = ("__name__", "hydrograph_http_requests_total");
        assert_eq!(value(&[requests, ("status", "200")]), Some(1.0));
        let bucket = ("__name__", "hydrograph_http_request_duration_seconds_bucket");
        assert_eq!(value(&[bucket, ("le", "0.001")]), Some(0.0));
        assert_eq!(value(&[bucket, ("le", "+Inf")]), Some(1.0));
    }
}
