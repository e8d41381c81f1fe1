//! The operators of the language and how they are spelled.
//!
//! Precedence and associativity stand here too, since they belong to an operator rather than to
//! the parser that asks for them. How labels are compared is storage's [`MatchOp`].

pub use hydrograph_storage::matcher::MatchOp;

/// Declares an enum of operators with their spelling.
macro_rules! operators {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// How it is spelled.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

operators! {
    /// A binary operator.
    BinaryOp {
        /// Addition.
        Add = "+",
        /// Subtraction.
        Sub = "-",
        /// Multiplication.
        Mul = "*",
        /// Division.
        Div = "/",
        /// Remainder.
        Mod = "%",
        /// Power; the one right-associative operator.
        Pow = "^",
        /// Angle of a point.
        Atan2 = "atan2",
        /// Equal.
        Eq = "==",
        /// Not equal.
        Ne = "!=",
        /// Greater.
        Gt = ">",
        /// Less.
        Lt = "<",
        /// Greater or equal.
        Ge = ">=",
        /// Less or equal.
        Le = "<=",
        /// Cuts off the part of a histogram above a value.
        TrimUpper = "</",
        /// Cuts off the part of a histogram below a value.
        TrimLower = ">/",
        /// Intersection.
        And = "and",
        /// Union.
        Or = "or",
        /// Complement.
        Unless = "unless",
    }
}

operators! {
    /// A sign.
    UnaryOp {
        /// Plus.
        Plus = "+",
        /// Minus.
        Minus = "-",
    }
}

operators! {
    /// An aggregation.
    AggregateOp {
        /// Arithmetic mean.
        Avg = "avg",
        /// The k smallest.
        Bottomk = "bottomk",
        /// Number of series.
        Count = "count",
        /// Number of series per value.
        CountValues = "count_values",
        /// One for each group.
        Group = "group",
        /// A sample of k series.
        Limitk = "limitk",
        /// A sample of a share of the series.
        LimitRatio = "limit_ratio",
        /// Maximum.
        Max = "max",
        /// Minimum.
        Min = "min",
        /// Quantile.
        Quantile = "quantile",
        /// Standard deviation.
        Stddev = "stddev",
        /// Variance.
        Stdvar = "stdvar",
        /// Sum.
        Sum = "sum",
        /// The k largest.
        Topk = "topk",
    }
}

impl BinaryOp {
    /// How tightly it binds; higher binds tighter.
    pub const fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Eq
            | Self::Ne
            | Self::Gt
            | Self::Lt
            | Self::Ge
            | Self::Le
            | Self::TrimUpper
            | Self::TrimLower => 3,
            Self::Add | Self::Sub => 4,
            Self::Mul | Self::Div | Self::Mod | Self::Atan2 => UnaryOp::PRECEDENCE,
            Self::Pow => 6,
        }
    }

    /// Whether `a op b op c` means `a op (b op c)`.
    pub const fn is_right_associative(self) -> bool {
        matches!(self, Self::Pow)
    }

    /// Whether an operator of this precedence before an operand takes it, if this one is behind.
    pub(super) const fn leaves_operand_to(self, before: u8) -> bool {
        before > self.precedence() || (before == self.precedence() && !self.is_right_associative())
    }

    /// Whether it compares (and so may carry `bool`).
    pub const fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Gt | Self::Lt | Self::Ge | Self::Le)
    }

    /// Whether it combines sets of series.
    pub const fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

impl UnaryOp {
    /// A sign binds as tightly as `*`, so `-1^2` is −1.
    pub const PRECEDENCE: u8 = 5;
}

impl AggregateOp {
    /// Whether it takes a parameter before the vector.
    pub const fn has_param(self) -> bool {
        matches!(
            self,
            Self::Bottomk
                | Self::CountValues
                | Self::Limitk
                | Self::LimitRatio
                | Self::Quantile
                | Self::Topk
        )
    }

    /// Whether it needs the option for experimental functions.
    pub const fn is_experimental(self) -> bool {
        matches!(self, Self::Limitk | Self::LimitRatio)
    }
}
