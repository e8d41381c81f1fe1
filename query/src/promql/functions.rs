//! The functions of the language: names, signatures, and which are experimental.
//!
//! A table only. What a function computes is the evaluator's business; it looks the function up
//! by name once, when it plans.

use super::ast::ValueType;
use ValueType::{Matrix as M, Scalar as S, String as T, Vector as V};

/// The signature of a function.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// The types of its arguments; further ones have the type of the last.
    pub args: &'static [ValueType],
    /// How many may be given.
    pub arity: Arity,
    /// What it returns.
    pub return_type: ValueType,
    /// Whether it needs the option for experimental functions.
    pub experimental: bool,
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// As many as there are types.
    Exact,
    /// At least all but the last, and at most this many more.
    Optional(u8),
    /// At least all but the last, and any number more.
    OpenEnded,
}

const fn vector(name: &'static str, args: &'static [ValueType]) -> Function {
    Function { name, args, arity: Arity::Exact, return_type: V, experimental: false }
}

const fn scalar(name: &'static str, args: &'static [ValueType]) -> Function {
    Function { name, args, arity: Arity::Exact, return_type: S, experimental: false }
}

impl Function {
    const fn optional(mut self, more: u8) -> Self {
        self.arity = Arity::Optional(more);
        self
    }

    const fn open_ended(mut self) -> Self {
        self.arity = Arity::OpenEnded;
        self
    }

    const fn experimental(mut self) -> Self {
        self.experimental = true;
        self
    }

    /// The function of that name; names are case-sensitive.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let at = FUNCTIONS.binary_search_by(|f| f.name.cmp(name)).ok()?;
        FUNCTIONS.get(at)
    }

    /// The type that the argument at this place must have, if one may stand there.
    pub fn arg_type(&self, at: usize) -> Option<ValueType> {
        match self.args.get(at) {
            Some(&expected) => Some(expected),
            None if self.arity == Arity::Exact => None,
            None => self.args.last().copied(),
        }
    }
}

/// All functions, sorted by name.
pub static FUNCTIONS: [Function; 90] = [
    vector("abs", &[V]),
    vector("absent", &[V]),
    vector("absent_over_time", &[M]),
    vector("acos", &[V]),
    vector("acosh", &[V]),
    vector("asin", &[V]),
    vector("asinh", &[V]),
    vector("atan", &[V]),
    vector("atanh", &[V]),
    vector("avg_over_time", &[M]),
    vector("ceil", &[V]),
    vector("changes", &[M]),
    vector("clamp", &[V, S, S]),
    vector("clamp_max", &[V, S]),
    vector("clamp_min", &[V, S]),
    vector("cos", &[V]),
    vector("cosh", &[V]),
    vector("count_over_time", &[M]),
    vector("day_of_month", &[V]).optional(1),
    vector("day_of_week", &[V]).optional(1),
    vector("day_of_year", &[V]).optional(1),
    vector("days_in_month", &[V]).optional(1),
    vector("deg", &[V]),
    vector("delta", &[M]),
    vector("deriv", &[M]),
    vector("double_exponential_smoothing", &[M, S, S]).experimental(),
    scalar("end", &[]).experimental(),
    vector("exp", &[V]),
    vector("first_over_time", &[M]),
    vector("floor", &[V]),
    vector("histogram_avg", &[V]),
    vector("histogram_count", &[V]),
    vector("histogram_fraction", &[S, S, V]),
    vector("histogram_quantile", &[S, V]),
    vector("histogram_quantiles", &[V, T, S, S]).optional(9).experimental(),
    vector("histogram_stddev", &[V]),
    vector("histogram_stdvar", &[V]),
    vector("histogram_sum", &[V]),
    vector("hour", &[V]).optional(1),
    vector("idelta", &[M]),
    vector("increase", &[M]),
    vector("info", &[V, V]).optional(1).experimental(),
    vector("irate", &[M]),
    vector("label_join", &[V, T, T, T]).open_ended(),
    vector("label_replace", &[V, T, T, T, T]),
    vector("last_over_time", &[M]),
    vector("ln", &[V]),
    vector("log10", &[V]),
    vector("log2", &[V]),
    vector("mad_over_time", &[M]).experimental(),
    scalar("max_of", &[S, S]).experimental(),
    vector("max_over_time", &[M]),
    scalar("min_of", &[S, S]).experimental(),
    vector("min_over_time", &[M]),
    vector("minute", &[V]).optional(1),
    vector("month", &[V]).optional(1),
    scalar("pi", &[]),
    vector("predict_linear", &[M, S]),
    vector("present_over_time", &[M]),
    vector("quantile_over_time", &[S, M]),
    vector("rad", &[V]),
    scalar("range", &[]).experimental(),
    vector("rate", &[M]),
    vector("resets", &[M]),
    vector("round", &[V, S]).optional(1),
    scalar("scalar", &[V]),
    vector("sgn", &[V]),
    vector("sin", &[V]),
    vector("sinh", &[V]),
    vector("sort", &[V]),
    vector("sort_by_label", &[V, T]).open_ended().experimental(),
    vector("sort_by_label_desc", &[V, T]).open_ended().experimental(),
    vector("sort_desc", &[V]),
    vector("sqrt", &[V]),
    scalar("start", &[]).experimental(),
    vector("start_timestamp", &[V]).experimental(),
    vector("stddev_over_time", &[M]),
    vector("stdvar_over_time", &[M]),
    scalar("step", &[]).experimental(),
    vector("sum_over_time", &[M]),
    vector("tan", &[V]),
    vector("tanh", &[V]),
    scalar("time", &[]),
    vector("timestamp", &[V]),
    vector("ts_of_first_over_time", &[M]).experimental(),
    vector("ts_of_last_over_time", &[M]).experimental(),
    vector("ts_of_max_over_time", &[M]).experimental(),
    vector("ts_of_min_over_time", &[M]).experimental(),
    vector("vector", &[S]),
    vector("year", &[V]).optional(1),
];
