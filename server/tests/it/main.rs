//! The binary as its users meet it: over HTTP, beside a real Prometheus, killed and restarted.

mod bad_input;
mod first_start;
mod grafana;
mod harness;
mod kill;
mod open_data;
mod promqltest;
mod real_sender;
